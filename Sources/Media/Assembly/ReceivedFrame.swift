public import Wire

/// A frame that came in over RTP, complete.
public struct ReceivedFrame: Sendable, Hashable {
  /// The frame.
  public var frame: EncodedFrame
  /// When its first packet came.
  public var firstReceivedAt: Instant
  /// When the packet came that made it complete.
  public var receivedAt: Instant
  /// The sequence number of its first packet.
  public var sequenceNumber: UInt16
  /// How many packets it came in.
  public var packetCount: Int
  /// The picture's number in 7 or 15 bits, where VP8 or VP9 tells it.
  public var pictureID: UInt16?
  /// Something before it was lost: a decoder of audio conceals it.
  public var followsLoss: Bool
}
