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
    guard header.hasPadding else {
      payloadRange = header.byteCount..<packet.count
      paddingCount = 0
      return
    }
    let bodyCount = packet.count - header.byteCount
    guard bodyCount > 0 else { throw .badPadding }
    let count = Int(packet[packet.count - 1])
    guard 0 < count, count <= bodyCount else { throw .badPadding }
    paddingCount = count
    payloadRange = header.byteCount..<packet.count - count
  }
}
