extension AnswerBuilder {
  /// One m-section of the answer, without the lines of the transport.
  struct Reply {
    var section: MediaSection
    /// Where in the section's attributes the lines of the transport belong.
    var transportPlace = 0
    var negotiated: NegotiatedSection
  }

  /// Answers one m-section.
  ///
  /// `extensionURIs` holds what each identifier means in the sections answered so far: bundled sections
  /// must agree (RFC 9143 §12), and what disagrees is left out.
  func reply(
    to offered: MediaSection, index: Int, defaults: SessionDefaults, plan: SectionPlan,
    isBundled: Bool, extensionURIs: inout [UInt8: String]
  ) -> Reply {
    if let rejection = obstacle(in: offered, plan: plan, isBundled: isBundled) {
      return reject(offered, index: index, rejection)
    }
    if let terms = policy.data, let data = offered.data {
      return replyToData(offered, index: index, terms: terms, data: data)
    }
    let extensions = agreeExtensions(
      offered.headerExtensions + defaults.headerExtensions, ids: &extensionURIs)
    let takesTransportCC = extensions.contains { $0.uri == HeaderExtension.transportWideCC }
    let codecs = agreeCodecs(in: offered, plan: plan, takesTransportCC: takesTransportCC)
    guard !codecs.isEmpty else { return reject(offered, index: index, .noCodec) }

    var negotiated = NegotiatedSection(index: index, section: offered)
    let direction = offered.direction ?? defaults.direction
    negotiated.weSend = direction.receives && plan.track != nil
    negotiated.weReceive = direction.sends && plan.receives
    negotiated.codecs = codecs.map(\.negotiated)
    negotiated.extensions = extensions
    negotiated.allowsMixedExtensions =
      offered.allowsMixedExtensions || defaults.allowsMixedExtensions
    negotiated.hasReducedSizeRTCP = offered.hasReducedSizeRTCP
    if direction.sends {
      negotiated.remoteSSRCs = Array(offered.ssrcs.prefix(64))
      negotiated.remoteGroups = Array(offered.ssrcGroups.prefix(64))
      negotiated.remoteMSID = offered.msids.first
    }
    if negotiated.weSend { negotiated.localTrack = plan.track }
    if !codecs.contains(where: { $0.rtx != nil }) { negotiated.localTrack?.rtxSSRC = nil }
    if !codecs.contains(where: { $0.offered.isNamed("flexfec-03") }) {
      negotiated.localTrack?.repairSSRC = nil
    }
    let rids = agreeLayers(in: offered, plan: plan, negotiated: negotiated)
    negotiated.receiveRIDs = rids.filter { !$0.isSent }.map(\.id)
    negotiated.sendRIDs = rids.filter(\.isSent).map(\.id)
    return write(
      offered, plan: plan, negotiated: negotiated, codecs: codecs,
      rids: rids)
  }

  private func obstacle(
    in offered: MediaSection, plan: SectionPlan, isBundled: Bool
  ) -> NegotiatedSection.Rejection? {
    if offered.isRejected { return .byPeer }
    let isMedia =
      offered.isRTP && offered.isDTLS && !policy.codecs(for: offered.kind).isEmpty
    let isData = policy.data != nil && offered.data != nil
    guard isMedia || isData else { return .unsupported }
    if !plan.isAccepted { return .byPlan }
    if !isBundled { return .notBundled }
    return isData || offered.hasRTCPMux ? nil : .noRTCPMux
  }

  /// Mirrors tag and first format. Nothing in a rejected section matters (RFC 3264 §6), but Pion wants a
  /// codec for the format and aiortc wants `rtcp-mux`.
  private func reject(
    _ offered: MediaSection, index: Int, _ rejection: NegotiatedSection.Rejection
  ) -> Reply {
    var section = MediaSection(
      kind: offered.kind, port: 0, transportProtocol: offered.transportProtocol,
      formats: Array(offered.formats.prefix(1)))
    section.connections = ["IN IP4 0.0.0.0"]
    if let mid = offered.mid { section.add("mid", mid) }
    section.add(Direction.inactive.rawValue)
    let transportPlace = section.attributes.count
    if offered.hasRTCPMux { section.add("rtcp-mux") }
    if var codec = offered.codecs.first, section.formats.first == "\(codec.payloadType)" {
      codec.feedback = []
      section.attributes += codec.attributes
    }
    return Reply(
      section: section, transportPlace: transportPlace,
      negotiated: NegotiatedSection(index: index, section: offered, rejection: rejection))
  }

  private func write(
    _ offered: MediaSection, plan: SectionPlan, negotiated: NegotiatedSection,
    codecs: [AgreedCodec], rids: [RID]
  ) -> Reply {
    var section = MediaSection(
      kind: offered.kind, port: 9, transportProtocol: offered.transportProtocol,
      formats: codecs.flatMap(\.payloadTypes).map { "\($0)" })
    section.bandwidths = plan.bandwidths
    if let mid = offered.mid { section.add("mid", mid) }
    section.add(Direction(sends: negotiated.weSend, receives: negotiated.weReceive).rawValue)
    let transportPlace = section.attributes.count
    section.add("rtcp-mux")
    if offered.hasReducedSizeRTCP { section.add("rtcp-rsize") }
    if offered.allowsMixedExtensions { section.add("extmap-allow-mixed") }
    let more =
      negotiated.weReceive ? plan.videoFormatParameters ?? policy.videoFormatParameters : []
    for codec in codecs {
      section.attributes += codec.attributes(adding: offered.kind == .video ? more : [])
    }
    section.attributes += negotiated.extensions.map { $0.attribute }
    section.attributes += rids.map { Attribute("rid", $0.text) }
    let layers = [
      negotiated.sendRIDs.isEmpty ? nil : "send " + negotiated.sendRIDs.joined(separator: ";"),
      negotiated.receiveRIDs.isEmpty
        ? nil : "recv " + negotiated.receiveRIDs.joined(separator: ";"),
    ].compactMap(\.self)
    if !layers.isEmpty { section.add("simulcast", layers.joined(separator: " ")) }
    if let track = negotiated.localTrack {
      section.attributes += track.attributes(withSources: negotiated.sendRIDs.isEmpty)
    }
    return Reply(section: section, transportPlace: transportPlace, negotiated: negotiated)
  }
}
