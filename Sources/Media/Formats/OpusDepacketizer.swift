/// Opus out of RTP (RFC 7587 §4).
enum OpusDepacketizer {
  static func describe(_ payload: Span<UInt8>) -> PayloadDescription? {
    guard OpusPacket(parsing: payload) != nil else { return nil }
    return PayloadDescription(start: .certain, isKeyFrame: true)
  }
}
