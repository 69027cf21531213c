extension OfferBuilder {
  /// Reads the answer to ``offer()``.
  ///
  /// - Parameter answer: What the peer answered.
  /// - Returns: What was agreed.
  /// - Throws: ``SDPError`` where the answer does not fit the offer, or nothing says how to reach or to
  ///   check the peer.
  public func negotiate(answer: SessionDescription) throws(SDPError) -> NegotiatedSession {
    let offer = offer()
    guard answer.mediaSections.count == sections.count else { throw SDPError(.sectionMismatch) }
    let lookup = BundleLookup(answer)
    let defaults = SessionDefaults(answer)
    var agreed: [NegotiatedSection] = []
    for (index, answered) in answer.mediaSections.enumerated() {
      let offered = offer.mediaSections[index]
      guard answered.kind == offered.kind, answered.mid == nil || answered.mid == offered.mid
      else { throw SDPError(.sectionMismatch, section: index) }
      agreed.append(
        read(
          answered, offered: offered, index: index, defaults: defaults,
          isBundled: lookup.contains(index)))
    }
    var session = NegotiatedSession(
      sessionID: sessionID, sessionVersion: sessionVersion, sections: agreed)
    if let tagged = lookup.sorted(agreed.indices.filter({ !agreed[$0].isRejected })).first {
      session.transport = try lookup.transport(tagged: tagged) { answered throws(SDPError) in
        // RFC 8842 §5.4: an answer must choose; one that says nothing is read as active (RFC 4145 §4).
        switch answered ?? .active {
        case .active: .passive
        case .passive: .active
        case .actpass, .holdconn: throw SDPError(.badSetupRole, section: tagged)
        }
      }
    }
    return session
  }

  private func read(
    _ answered: MediaSection, offered: MediaSection, index: Int, defaults: SessionDefaults,
    isBundled: Bool
  ) -> NegotiatedSection {
    let section = sections[index]
    var agreed = NegotiatedSection(index: index, section: offered)
    // RFC 9143 §7.3.3: in an answer port 0 always rejects.
    guard answered.port != 0, !section.isStopped, answered.isDTLS else {
      agreed.rejection = .byPeer
      return agreed
    }
    guard isBundled else {
      agreed.rejection = .notBundled
      return agreed
    }
    if section.kind == .application {
      agreed.data = answered.data
      if agreed.data == nil { agreed.rejection = .unsupported }
      return agreed
    }
    guard answered.hasRTCPMux else {
      agreed.rejection = .noRTCPMux
      return agreed
    }
    let direction = answered.direction ?? defaults.direction
    agreed.weSend = direction.receives && section.direction.sends
    agreed.weReceive = direction.sends && section.direction.receives
    agreed.codecs = codecs(of: answered, offered: offered)
    if agreed.codecs.isEmpty { agreed.rejection = .noCodec }
    agreed.extensions = extensions(
      of: answered.headerExtensions + defaults.headerExtensions, offered: offered)
    agreed.allowsMixedExtensions = answered.allowsMixedExtensions || defaults.allowsMixedExtensions
    agreed.hasReducedSizeRTCP = answered.hasReducedSizeRTCP
    if agreed.weReceive {
      agreed.remoteSSRCs = Array(answered.ssrcs.prefix(64))
      agreed.remoteGroups = Array(answered.ssrcGroups.prefix(64))
      agreed.remoteMSID = answered.msids.first
    }
    if agreed.weSend {
      agreed.localTrack = section.track
      let taken = (answered.simulcast?.receive ?? []).compactMap(\.first?.rid)
      agreed.sendRIDs = section.rids.filter(taken.contains)
      if !agreed.codecs.contains(where: { $0.rtxPayloadType != nil }) {
        agreed.localTrack?.rtxSSRC = nil
      }
    }
    return agreed
  }

  private func codecs(of answered: MediaSection, offered: MediaSection) -> [NegotiatedCodec] {
    let known = offered.codecs
    let codecs = answered.codecs.filter { codec in
      known.contains { $0.payloadType == codec.payloadType && $0.isNamed(codec.name) }
    }
    return codecs.filter { !$0.isNamed("rtx") }.map { codec in
      AgreedCodec(
        offered: codec, parameters: "", feedback: codec.feedback,
        rtx: codec.retransmission(in: codecs)
      ).negotiated
    }
  }

  private func extensions(
    of answered: [HeaderExtension], offered: MediaSection
  ) -> [NegotiatedExtension] {
    let known = offered.headerExtensions
    return answered.compactMap { one in
      guard known.contains(where: { $0.id == one.id && $0.uri == one.uri }),
        let id = UInt8(exactly: one.id)
      else { return nil }
      let direction = (one.direction ?? .sendrecv).reversed
      return NegotiatedExtension(
        id: id, uri: one.uri, weSend: direction.sends, weReceive: direction.receives)
    }
  }
}
