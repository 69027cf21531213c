extension AnswerBuilder {
  /// Offered identifiers of known extensions; directions mirrored (RFC 8285 §6).
  func agreeExtensions(
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

  /// The layers offered in `a=simulcast` either way, the preferred alternative of each (RFC 8853 §5.3);
  /// pauses are not echoed. Layers can only be told apart by the RID header extension.
  func agreeLayers(
    in offered: MediaSection, plan: SectionPlan, negotiated: NegotiatedSection
  ) -> [RID] {
    guard let simulcast = offered.simulcast,
      let identifier = negotiated.headerExtension(HeaderExtension.rid)
    else { return [] }
    let rids = Dictionary(
      offered.rids.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    let accepted = Set(negotiated.codecs.map(\.payloadType))
    var layers: [RID] = []
    func agree(_ streams: [[Simulcast.Alternative]], areSent: Bool) {
      for alternatives in streams.prefix(16) {
        for alternative in alternatives
        where !layers.contains(where: { $0.id == alternative.rid }) {
          if let rid = rids[alternative.rid], rid.isSent == areSent,
            let answered = rid.answered(accepted)
          {
            layers.append(answered)
            break
          }
        }
      }
    }
    if plan.takesSimulcast, negotiated.weReceive, identifier.weReceive {
      agree(simulcast.send, areSent: true)
    }
    if plan.sendsSimulcast, negotiated.weSend, identifier.weSend {
      agree(simulcast.receive, areSent: false)
    }
    return layers
  }

  func agreeCodecs(
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
    // Repair packets of nothing mean nothing either.
    if agreed.allSatisfy({ $0.offered.isNamed("flexfec-03") }) { agreed = [] }
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
    let added = offered.isNamed("flexfec-03") ? [] : more
    codec.formatParameters = ([parameters] + added).filter { !$0.isEmpty }.joined(separator: ";")
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
  /// Simulcast layers are told apart by RID alone, and their sources are not written.
  func attributes(withSources: Bool = true) -> [Attribute] {
    var lines = ([streamID] + otherStreamIDs).map {
      Attribute("msid", "\(Self.token($0)) \(Self.token(trackID))")
    }
    guard withSources else { return lines }
    if let rtxSSRC { lines.append(Attribute("ssrc-group", "FID \(ssrc) \(rtxSSRC)")) }
    if let repairSSRC { lines.append(Attribute("ssrc-group", "FEC-FR \(ssrc) \(repairSSRC)")) }
    for source in [ssrc, rtxSSRC, repairSSRC].compactMap(\.self) {
      lines.append(Attribute("ssrc", "\(source) cname:\(Self.token(cname))"))
      lines.append(Attribute("ssrc", "\(source) msid:\(msid)"))
    }
    return lines
  }

  /// Stream and track as one value.
  var msid: String { "\(Self.token(streamID)) \(Self.token(trackID))" }

  /// Names may come from users: what cannot stand in a token becomes `_`, so that no name can end its line
  /// or begin another word (RFC 8830 §2).
  public static func token(_ text: String) -> String {
    let bytes = text.utf8.prefix(64).map { $0.isTokenCharacter ? $0 : UInt8(ascii: "_") }
    return bytes.isEmpty ? "-" : String(decoding: bytes, as: UTF8.self)
  }
}

extension RID {
  /// The same layer seen from the other side, with the restrictions of RFC 8851 §5 that are known; nil if it may only
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
    return RID(id: id, isSent: !isSent, restrictions: kept.joined(separator: ";"))
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
