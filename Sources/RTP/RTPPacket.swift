extension RTPHeader {
  /// Where the payload of a decrypted packet lies, without padding: empty for a packet of padding only.
  ///
  /// Nil where the P bit is set and the padding count is zero or runs past the payload
  /// (RFC 3550 §5.1). `packet` is the one this header was read from.
  public func payloadRange(in packet: Span<UInt8>) -> Range<Int>? {
    guard byteCount <= packet.count else { return nil }
    guard hasPadding else { return byteCount..<packet.count }
    guard byteCount < packet.count else { return nil }
    let count = Int(packet[packet.count - 1])
    guard 0 < count, count <= packet.count - byteCount else { return nil }
    return byteCount..<packet.count - count
  }
}

/// A decrypted RTP packet: its header, and where payload and padding lie (RFC 3550 §5.1).
public struct RTPPacket: Equatable, Sendable {
  /// The header.
  public let header: RTPHeader
  /// The payload without padding; empty for a packet of padding only.
  public let payloadRange: Range<Int>
  /// Bytes of padding at the end, the count byte included; 0 without the P bit.
  public let paddingCount: Int

  /// Reads a whole packet. A padding count of zero, or one past the payload, is an error.
  public init(parsing packet: Span<UInt8>) throws(RTPError) {
    header = try RTPHeader(parsing: packet)
    guard let range = header.payloadRange(in: packet) else { throw .badPadding }
    payloadRange = range
    paddingCount = packet.count - range.upperBound
  }
}
