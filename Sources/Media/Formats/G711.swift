import Wire

/// G.711 in RTP (RFC 3551 §4.5.14): a payload is the samples, one byte each.
struct G711Packetizer: FrameCutting {
  private var spurts = TalkSpurts()

  mutating func cut(_ frame: EncodedFrame, limit: Int) -> [RTPPayload] {
    let duration = UInt32(truncatingIfNeeded: frame.bytes.count)
    let marker = spurts.begins(at: frame.timestamp, duration: duration)
    return [RTPPayload(bytes: frame.bytes, marker: marker)]
  }
}

/// G.711 out of RTP.
enum G711Depacketizer {
  static func describe(_ payload: Span<UInt8>) -> PayloadDescription? {
    payload.isEmpty ? nil : PayloadDescription(start: .certain, isKeyFrame: true)
  }
}

/// Finds the first packet after silence, which bears the marker bit (RFC 3551 §4.1).
struct TalkSpurts: Sendable {
  private var end: UInt32?

  /// Whether the audio at `timestamp` does not go on from the audio before.
  mutating func begins(at timestamp: UInt32, duration: UInt32) -> Bool {
    defer { end = timestamp &+ duration }
    return end != timestamp
  }
}
