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
    let rids = agreeLayers(in: offered, plan: plan, negotiated: negotiated)
    negotiated.rids = rids.map(\.id)
    return write(
      offered, plan: plan, negotiated: negotiated, codecs: codecs,
      rids: rids)
  }

  private func obstacle(
    in offered: MediaSection, plan: SectionPlan, isBundled: Bool
  ) -> NegotiatedSection.Rejection? {
    if offered.isRejected { return .byPeer }
    guard offered.isRTP, offered.isDTLS, !policy.codecs(for: offered.kind).isEmpty else {
      return .unsupported
    }
    if !plan.isAccepted { return .byPlan }
    if !isBundled { return .notBundled }
    return offered.hasRTCPMux ? nil : .noRTCPMux
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
    if !rids.isEmpty {
      section.add("simulcast", "recv " + negotiated.rids.joined(separator: ";"))
    }
    if let track = negotiated.localTrack { section.attributes += track.attributes }
    return Reply(section: section, transportPlace: transportPlace, negotiated: negotiated)
  }
}

extension AnswerBuilder {
  /// Offered identifiers of known extensions; directions mirrored (RFC 8285 §6).
  private func agreeExtensions(
    _ offered: [HeaderExtension], ids: inout [UInt8: String]
  ) -> [NegotiatedExtension] {
    var agreed: [NegotiatedExtension] = []
    for one in offered {
      guard let id = UInt8(exactly: one.id), one.extensionAttributes == nil,
        policy.headerExtensions.contains(one.uri),
        !agreed.contains(where: { $0.uri == one.uri || $0.id == id }),
        ids[id] == nil || ids[id] == one.uri
      else { continue }
      let direction = (one.direction ?? .sendrecv).reversed
      ids[id] = one.uri
      agreed.append(
        NegotiatedExtension(
          id: id, uri: one.uri, weSend: direction.sends, weReceive: direction.receives))
    }
    return agreed
  }

  /// The layers offered in `a=simulcast`, the preferred alternative of each (RFC 8853 §5.3); pauses are
  /// not echoed. Layers can only be told apart by the RID header extension.
  private func agreeLayers(
    in offered: MediaSection, plan: SectionPlan, negotiated: NegotiatedSection
  ) -> [RID] {
    guard plan.takesSimulcast, negotiated.weReceive, let simulcast = offered.simulcast,
      negotiated.headerExtension(HeaderExtension.rid)?.weReceive ?? false
    else { return [] }
    let rids = Dictionary(
      offered.rids.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    let accepted = Set(negotiated.codecs.map(\.payloadType))
    var layers: [RID] = []
    for alternatives in simulcast.send.prefix(16) {
      for alternative in alternatives where !layers.contains(where: { $0.id == alternative.rid }) {
        if let rid = rids[alternative.rid], rid.isSent, let answered = rid.answered(accepted) {
          layers.append(answered)
          break
        }
      }
    }
    return layers
  }

  private func agreeCodecs(
    in offered: MediaSection, plan: SectionPlan, takesTransportCC: Bool
  ) -> [AgreedCodec] {
    let codecs = offered.codecs
    var agreed: [AgreedCodec] = []
    for preference in plan.codecs ?? policy.codecs(for: offered.kind) {
      guard let codec = preference.match(in: codecs),
        !agreed.contains(where: { $0.offered.payloadType == codec.payloadType })
      else { continue }
      let feedback = codec.feedback.filter {
        preference.feedback.contains($0) && ($0 != "transport-cc" || takesTransportCC)
      }
      agreed.append(
        AgreedCodec(
          offered: codec, parameters: preference.answeredParameters(to: codec),
          feedback: feedback,
          rtx: policy.usesRetransmission ? codec.retransmission(in: codecs) : nil))
    }
    // RFC 2198 §5: redundancy of a codec that is not agreed on means nothing.
    let types = Set(agreed.map(\.offered.payloadType))
    agreed.removeAll { $0.offered.isNamed("red") && !$0.offered.redundantTypes(areIn: types) }
    return agreed
  }
}

/// A codec of the offer that is taken.
struct AgreedCodec {
  let offered: RTPCodec
  let parameters: String
  let feedback: [String]
  let rtx: RTPCodec?

  var payloadTypes: [UInt8] { [offered.payloadType] + (rtx.map { [$0.payloadType] } ?? []) }

  var negotiated: NegotiatedCodec {
    NegotiatedCodec(
      name: offered.name, payloadType: offered.payloadType, clockRate: offered.clockRate,
      channels: offered.channels, formatParameters: offered.formatParameters,
      rtxPayloadType: rtx?.payloadType, feedback: Set(feedback))
  }

  func attributes(adding more: [String]) -> [Attribute] {
    var codec = offered
    codec.feedback = feedback
    codec.formatParameters = ([parameters] + more).filter { !$0.isEmpty }.joined(separator: ";")
    var repair = rtx
    repair?.feedback = []
    return codec.attributes + (repair?.attributes ?? [])
  }
}

extension RTPCodec {
  /// The `rtx` codec that repairs this one (RFC 4588 §8.6).
  func retransmission(in codecs: [RTPCodec]) -> RTPCodec? {
    codecs.first {
      $0.isNamed("rtx") && $0.clockRate == clockRate && $0.associatedPayloadType == payloadType
    }
  }

  /// Whether `fmtp` of a `red` codec names only payload types of `types`, and at least one.
  func redundantTypes(areIn types: Set<UInt8>) -> Bool {
    let names = formatParameters.pieces(separatedBy: .slash)
    return !names.isEmpty
      && names.allSatisfy { name in
        UInt8(digits: name).map { $0 != payloadType && types.contains($0) } ?? false
      }
  }
}

extension NegotiatedExtension {
  var attribute: Attribute {
    let direction = Direction(sends: weSend, receives: weReceive)
    return Attribute(
      "extmap",
      HeaderExtension(
        id: UInt16(id), uri: uri, direction: direction == .sendrecv ? nil : direction
      ).text)
  }
}

extension LocalTrack {
  /// `msid`, and the sources with their names (RFC 8830, RFC 5576).
  var attributes: [Attribute] {
    var lines = [Attribute("msid", msid)]
    if let rtxSSRC { lines.append(Attribute("ssrc-group", "FID \(ssrc) \(rtxSSRC)")) }
    for source in [ssrc] + (rtxSSRC.map { [$0] } ?? []) {
      lines.append(Attribute("ssrc", "\(source) cname:\(Self.token(cname))"))
      lines.append(Attribute("ssrc", "\(source) msid:\(msid)"))
    }
    return lines
  }

  /// Stream and track as one value.
  var msid: String { "\(Self.token(streamID)) \(Self.token(trackID))" }

  /// Names may come from users: what cannot stand in a token becomes `_`, so that no name can end its line
  /// or begin another word (RFC 8830 §2).
  private static func token(_ text: String) -> String {
    let bytes = text.utf8.prefix(64).map { $0.isTokenCharacter ? $0 : UInt8(ascii: "_") }
    return bytes.isEmpty ? "-" : String(decoding: bytes, as: UTF8.self)
  }
}

extension RID {
  /// The same layer as received, with the restrictions of RFC 8851 §5 that are known; nil if it may only
  /// be sent with payload types that are not agreed on.
  func answered(_ payloadTypes: Set<UInt8>) -> RID? {
    var kept: [String] = []
    for restriction in restrictions.pieces(separatedBy: .semicolon) {
      let (name, value) = restriction.trimmed.cut(at: .equals) ?? (restriction.trimmed, "")
      if name == "pt" {
        let types = value.pieces(separatedBy: .comma).filter {
          UInt8(digits: $0).map(payloadTypes.contains) ?? false
        }
        guard !types.isEmpty else { return nil }
        kept.append("pt=" + types.joined(separator: ","))
      } else if Self.knownRestrictions.contains(String(name)) {
        kept.append(String(restriction.trimmed))
      } else {
        return nil
      }
    }
    return RID(id: id, isSent: false, restrictions: kept.joined(separator: ";"))
  }

  private static let knownRestrictions: Set<String> = [
    "max-width", "max-height", "max-fps", "max-fs", "max-br", "max-pps", "max-bpp", "depend",
  ]
}

/// What the session level says for m-sections that say nothing themselves.
struct SessionDefaults {
  let direction: Direction
  let headerExtensions: [HeaderExtension]
  let allowsMixedExtensions: Bool

  init(_ session: SessionDescription) {
    direction =
      session.attributes.lazy.filter { $0.value == nil }
      .compactMap { Direction(rawValue: $0.name) }.first ?? .sendrecv
    headerExtensions = session.headerExtensions
    allowsMixedExtensions = session.allowsMixedExtensions
  }
}
