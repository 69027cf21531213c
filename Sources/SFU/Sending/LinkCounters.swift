/// What went to one viewer, and what it asked for.
public struct LinkCounters: Sendable, Hashable {
  /// RTP packets of all kinds.
  public internal(set) var packetCount: UInt64 = 0
  /// Their bytes without the headers of IP and UDP.
  public internal(set) var byteCount: UInt64 = 0
  /// Packets of sound.
  public internal(set) var soundPacketCount: UInt64 = 0
  /// Bytes of those.
  public internal(set) var soundByteCount: UInt64 = 0
  /// Packets that repeat lost ones.
  public internal(set) var repeatedPacketCount: UInt64 = 0
  /// Bytes of those.
  public internal(set) var repeatedByteCount: UInt64 = 0
  /// Packets that protect others: forward error correction.
  public internal(set) var protectionPacketCount: UInt64 = 0
  /// Bytes of those.
  public internal(set) var protectionByteCount: UInt64 = 0
  /// Packets sent only to be counted: padding, and repetitions nobody asked for.
  public internal(set) var paddingPacketCount: UInt64 = 0
  /// Bytes of those.
  public internal(set) var paddingByteCount: UInt64 = 0
  /// Packets that waited for their turn.
  public internal(set) var pacedPacketCount: UInt64 = 0
  /// Packets whose turn came when they were gone.
  public internal(set) var expiredPacketCount: UInt64 = 0
  /// Probes begun.
  public internal(set) var probeCount: UInt64 = 0
  /// Sequence numbers the viewer asked for again.
  public internal(set) var requestedPacketCount: UInt64 = 0
  /// Key frames the viewer asked for.
  public internal(set) var keyFrameRequestCount: UInt64 = 0
  /// Key frames it was given from memory.
  public internal(set) var replayedKeyFrameCount: UInt64 = 0

  /// Nothing sent.
  public init() {}
}
