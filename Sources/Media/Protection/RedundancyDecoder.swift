public import RTP
import Wire

/// Takes packets with redundant audio apart (RFC 2198).
///
/// Each earlier block counts as the packet right before the one behind it, as senders in the field have it. A
/// jitter buffer drops those it has.
public struct RedundancyDecoder: Sendable {
  /// A packet as it would have been sent without redundancy.
  public struct Packet: Sendable, Equatable {
    /// Its header.
    public var header: RTPHeader
    /// Its payload.
    public var payload: [UInt8]
    /// Whether it came with a later packet.
    public var isRedundant: Bool
  }

  /// A decoder.
  public init() {}

  /// The packets in `payload`, oldest first, with the one sent now at the end; none where it makes no sense.
  public func decode(_ header: RTPHeader, payload: Span<UInt8>) -> [Packet] {
    guard let redundant = RedundantPayload(parsing: payload) else { return [] }
    var packets: [Packet] = []
    let count = redundant.earlier.count
    for (index, block) in redundant.earlier.enumerated() where !block.bytes.isEmpty {
      let earlier = RTPHeader(
        payloadType: block.payloadType,
        sequenceNumber: header.sequenceNumber &- UInt16(truncatingIfNeeded: count - index),
        timestamp: header.timestamp &- UInt32(block.timestampOffset), ssrc: header.ssrc)
      packets.append(Packet(header: earlier, payload: block.bytes, isRedundant: true))
    }
    let current = RTPHeader(
      payloadType: redundant.payloadType, sequenceNumber: header.sequenceNumber,
      timestamp: header.timestamp, ssrc: header.ssrc, marker: header.marker)
    packets.append(Packet(header: current, payload: redundant.bytes, isRedundant: false))
    return packets
  }
}
