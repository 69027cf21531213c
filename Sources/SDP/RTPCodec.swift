/// One payload type of an m-section and everything said about it: `rtpmap` and `fmtp` (RFC 8866 §6.6,
/// §6.15), `rtcp-fb` (RFC 4585 §4.2).
public struct RTPCodec: Hashable, Sendable {
  /// 0–127.
  public var payloadType: UInt8
  /// As written: `VP8`, `opus`, `rtx`.
  public var name: String
  /// Ticks per second of the RTP timestamp.
  public var clockRate: UInt32
  /// Channels if written; nil means one.
  public var channels: UInt8?
  /// Everything after the payload type in `fmtp`; empty if there is none.
  public var formatParameters: String
  /// What feedback the writer takes, in order: `nack`, `nack pli`, `ccm fir`, `transport-cc`.
  public var feedback: [String]

  /// A codec.
  public init(
    payloadType: UInt8, name: String, clockRate: UInt32, channels: UInt8? = nil,
    formatParameters: String = "", feedback: [String] = []
  ) {
    self.payloadType = payloadType
    self.name = name
    self.clockRate = clockRate
    self.channels = channels
    self.formatParameters = formatParameters
    self.feedback = feedback
  }

  /// `formatParameters` by name in lower case; a parameter without a value has an empty one. Where a
  /// name is repeated the first counts.
  public var parameters: [String: String] {
    var result: [String: String] = [:]
    for piece in formatParameters.pieces(separatedBy: .semicolon) {
      let (name, value) = piece.cut(at: .equals) ?? (piece, "")
      let key = name.trimmed.asciiLowercased
      if !key.isEmpty, result[key] == nil { result[key] = String(value.trimmed) }
    }
    return result
  }

  /// The value of the first format parameter of that name, which must be in lower case.
  func parameter(_ name: String) -> Substring? {
    for piece in formatParameters.pieces(separatedBy: .semicolon) {
      let (key, value) = piece.cut(at: .equals) ?? (piece, "")
      if key.trimmed.equalsIgnoringCase(name) { return value.trimmed }
    }
    return nil
  }

  /// Whether it bears that name; case does not matter (RFC 4855 §3).
  public func isNamed(_ name: String) -> Bool { self.name.equalsIgnoringCase(name) }

  /// The payload type an `rtx` codec repairs (RFC 4588 §8.1).
  public var associatedPayloadType: UInt8? { parameter("apt").flatMap { UInt8(digits: $0) } }
}

extension MediaSection {
  /// The codecs in the order of the `m=` line. Payload types without `rtpmap` are left out, except the
  /// static ones of RFC 3551 for PCMU, PCMA and G722; a payload type listed twice counts once.
  public var codecs: [RTPCodec] {
    var found = Self.staticCodecs
    // Where in `found` the codec of each payload type is.
    var places: [Int?] = Array(repeating: nil, count: 128)
    for (place, codec) in found.enumerated() { places[Int(codec.payloadType)] = place }
    for attribute in attributes where attribute.name == "rtpmap" {
      guard let codec = RTPCodec(rtpmap: attribute.value ?? "") else { continue }
      if let place = places[Int(codec.payloadType)] {
        found[place] = codec
      } else {
        places[Int(codec.payloadType)] = found.count
        found.append(codec)
      }
    }
    for attribute in attributes where attribute.name == "fmtp" || attribute.name == "rtcp-fb" {
      guard let (head, tail) = (attribute.value ?? "")[...].cut(at: .space) else { continue }
      let text = String(tail.trimmed)
      for place in Self.places(of: head, in: places, count: found.count) {
        if attribute.name == "fmtp" {
          found[place].formatParameters = text
        } else if found[place].feedback.count < 64 {
          found[place].feedback.append(text)
        }
      }
    }
    return payloadTypes.compactMap { type in
      guard type < 128, let place = places[Int(type)] else { return nil }
      places[Int(type)] = nil
      return found[place]
    }
  }

  /// Which codecs `97` or `*` at the start of an attribute speaks of.
  private static func places(of head: Substring, in places: [Int?], count: Int) -> Range<Int> {
    if head == "*" { return 0..<count }
    guard let type = UInt8(digits: head), type < 128, let place = places[Int(type)] else {
      return 0..<0
    }
    return place..<place + 1
  }

  private static let staticCodecs = [
    RTPCodec(payloadType: 0, name: "PCMU", clockRate: 8000),
    RTPCodec(payloadType: 8, name: "PCMA", clockRate: 8000),
    RTPCodec(payloadType: 9, name: "G722", clockRate: 8000),
  ]
}

extension RTPCodec {
  /// Reads the value of `a=rtpmap`: `111 opus/48000/2`.
  init?(rtpmap value: String) {
    guard let (head, tail) = value[...].cut(at: .space), let type = UInt8(digits: head), type < 128
    else { return nil }
    let parts = tail.trimmed.pieces(separatedBy: .slash)
    guard parts.count >= 2, let clockRate = UInt32(digits: parts[1]), clockRate > 0 else {
      return nil
    }
    self.init(
      payloadType: type, name: String(parts[0]), clockRate: clockRate,
      channels: parts.count > 2 ? UInt8(digits: parts[2]) : nil)
  }

  /// The value of `a=rtpmap`.
  var rtpmap: String {
    "\(payloadType) \(name)/\(clockRate)" + (channels.map { "/\($0)" } ?? "")
  }

  /// Its `rtpmap`, `rtcp-fb` and `fmtp` lines.
  var attributes: [Attribute] {
    var lines = [Attribute("rtpmap", rtpmap)]
    lines += feedback.map { Attribute("rtcp-fb", "\(payloadType) \($0)") }
    if !formatParameters.isEmpty {
      lines.append(Attribute("fmtp", "\(payloadType) \(formatParameters)"))
    }
    return lines
  }
}
