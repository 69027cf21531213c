import SDP

/// Payload types and header-extension numbers: one table for the whole transport, stable from offer to offer
/// (RFC 8829 §5.2.2, RFC 8843 §9).
struct NumberTable: Hashable, Sendable {
  /// What a codec travels under.
  struct Payload: Hashable, Sendable {
    var type: UInt8
    var rtx: UInt8?
  }

  private var payloads: [CodecPreference: Payload] = [:]
  private var takenTypes: Set<UInt8> = []
  private var extensions: [String: UInt16] = [:]
  private var takenNumbers: Set<UInt16> = []

  /// The numbers free for us, the usual ones first (RFC 3551 §6).
  private static let types: [UInt8] = Array(96...127) + Array(35...63)

  private mutating func freeType(preferring wanted: UInt8? = nil) -> UInt8? {
    let type =
      wanted.flatMap { takenTypes.contains($0) ? nil : $0 }
      ?? Self.types.first { !takenTypes.contains($0) }
    if let type { takenTypes.insert(type) }
    return type
  }

  /// The payload types of a codec, given for good when first asked for; nil where all are taken.
  mutating func payload(for codec: CodecPreference, withRTX: Bool) -> Payload? {
    if var known = payloads[codec] {
      if withRTX, known.rtx == nil { known.rtx = freeType() }
      payloads[codec] = known
      return known
    }
    let isSound = codec.name.lowercased() == "opus"
    guard let type = freeType(preferring: isSound ? 111 : nil) else { return nil }
    let payload = Payload(type: type, rtx: withRTX ? freeType() : nil)
    payloads[codec] = payload
    return payload
  }

  /// The codecs as they are offered, each followed by its retransmissions.
  mutating func codecs(_ wanted: [CodecPreference], withRTX: Bool) -> [RTPCodec] {
    var result: [RTPCodec] = []
    for codec in wanted {
      guard let payload = payload(for: codec, withRTX: withRTX) else { continue }
      var parameters = codec.formatParameters
      if codec.name.lowercased() == "red" {
        guard let repeated = wanted.first(where: { $0.name.lowercased() == "opus" }),
          let inner = self.payload(for: repeated, withRTX: false)
        else { continue }
        parameters = "\(inner.type)/\(inner.type)"
      }
      result.append(
        RTPCodec(
          payloadType: payload.type, name: codec.name, clockRate: codec.clockRate,
          channels: codec.channels, formatParameters: parameters, feedback: codec.feedback))
      guard withRTX, let rtx = payload.rtx else { continue }
      result.append(
        RTPCodec(
          payloadType: rtx, name: "rtx", clockRate: codec.clockRate,
          formatParameters: "apt=\(payload.type)"))
    }
    return result
  }

  /// The header extensions as they are offered; those for which no one-byte number is left are not.
  mutating func headerExtensions(_ uris: [String]) -> [HeaderExtension] {
    uris.compactMap { uri in
      if let id = extensions[uri] { return HeaderExtension(id: id, uri: uri) }
      guard let id = (1...14 as ClosedRange<UInt16>).first(where: { !takenNumbers.contains($0) })
      else { return nil }
      takenNumbers.insert(id)
      extensions[uri] = id
      return HeaderExtension(id: id, uri: uri)
    }
  }

  /// Keeps clear of the numbers the other side uses, and gives up what clashes with them.
  mutating func avoid(_ remote: SessionDescription) {
    let sections = remote.mediaSections.prefix(64)
    for section in sections where section.isRTP {
      for codec in section.codecs {
        takenTypes.insert(codec.payloadType)
        for (ours, payload) in payloads {
          if payload.type == codec.payloadType, !codec.isNamed(ours.name) { payloads[ours] = nil }
          if payload.rtx == codec.payloadType, !codec.isNamed("rtx") { payloads[ours]?.rtx = nil }
        }
      }
    }
    for one in remote.headerExtensions + sections.flatMap(\.headerExtensions) {
      takenNumbers.insert(one.id)
      for (uri, id) in extensions where id == one.id && uri != one.uri { extensions[uri] = nil }
    }
  }

  /// Takes over what was agreed.
  mutating func learn(_ section: NegotiatedSection, known: [CodecPreference]) {
    for codec in section.codecs {
      let offered = RTPCodec(
        payloadType: codec.payloadType, name: codec.name, clockRate: codec.clockRate,
        channels: codec.channels, formatParameters: codec.formatParameters)
      guard let ours = known.first(where: { $0.match(in: [offered]) != nil }) else { continue }
      takenTypes.insert(codec.payloadType)
      if let rtx = codec.rtxPayloadType { takenTypes.insert(rtx) }
      let rtx = codec.rtxPayloadType ?? payloads[ours]?.rtx
      payloads[ours] = Payload(type: codec.payloadType, rtx: rtx)
    }
    for one in section.extensions {
      takenNumbers.insert(UInt16(one.id))
      extensions[one.uri] = UInt16(one.id)
    }
  }
}
