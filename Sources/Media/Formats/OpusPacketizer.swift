/// Opus into RTP (RFC 7587 §4): a payload is one Opus packet, and never cut.
struct OpusPacketizer: FrameCutting {
  private var spurts = TalkSpurts()

  mutating func cut(_ frame: EncodedFrame, limit: Int) -> [RTPPayload] {
    guard let packet = OpusPacket(parsing: frame.bytes.span) else { return [] }
    let duration = UInt32(truncatingIfNeeded: packet.sampleCount)
    let marker = spurts.begins(at: frame.timestamp, duration: duration)
    return [RTPPayload(bytes: frame.bytes, marker: marker)]
  }
}
