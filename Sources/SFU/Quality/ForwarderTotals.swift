/// What came of one peer, or of all.
public struct ReceivedCounters: Sendable, Hashable {
  /// RTP packets of sound.
  public internal(set) var soundPacketCount: UInt64 = 0
  /// Their bytes, decrypted, with headers.
  public internal(set) var soundByteCount: UInt64 = 0
  /// RTP packets of pictures.
  public internal(set) var picturePacketCount: UInt64 = 0
  /// Their bytes, decrypted, with headers.
  public internal(set) var pictureByteCount: UInt64 = 0
  /// RTP packets that repeat or protect others.
  public internal(set) var repairPacketCount: UInt64 = 0
  /// Their bytes, decrypted, with headers.
  public internal(set) var repairByteCount: UInt64 = 0

  /// Bytes of all kinds.
  var byteCount: UInt64 { soundByteCount &+ pictureByteCount &+ repairByteCount }

  mutating func note(_ kind: MediaKind, byteCount: Int) {
    switch kind {
    case .audio:
      soundPacketCount &+= 1
      soundByteCount &+= UInt64(truncatingIfNeeded: byteCount)
    case .video:
      picturePacketCount &+= 1
      pictureByteCount &+= UInt64(truncatingIfNeeded: byteCount)
    }
  }

  mutating func noteRepair(byteCount: Int) {
    repairPacketCount &+= 1
    repairByteCount &+= UInt64(truncatingIfNeeded: byteCount)
  }

  static func += (sum: inout ReceivedCounters, other: ReceivedCounters) {
    sum.soundPacketCount &+= other.soundPacketCount
    sum.soundByteCount &+= other.soundByteCount
    sum.picturePacketCount &+= other.picturePacketCount
    sum.pictureByteCount &+= other.pictureByteCount
    sum.repairPacketCount &+= other.repairPacketCount
    sum.repairByteCount &+= other.repairByteCount
  }
}

/// What a forwarder has done since it began, those included who have left: no number ever falls.
public struct ForwarderTotals: Sendable, Hashable {
  /// What came.
  public internal(set) var received = ReceivedCounters()
  /// What was sent to viewers, and what they asked for.
  public internal(set) var sent = LinkCounters()
  /// Packets of senders that were sent on, once for each viewer.
  public internal(set) var forwardedCount: UInt64 = 0
  /// Datagrams dropped, by cause.
  public internal(set) var drops = DropCounts()
  /// Lost packets that senders were asked for.
  public internal(set) var requestedPacketCount: UInt64 = 0
  /// Key frames that senders were asked for.
  public internal(set) var requestedKeyFrameCount: UInt64 = 0

  /// Nothing done.
  public init() {}

  static func += (sum: inout ForwarderTotals, other: ForwarderTotals) {
    sum.received += other.received
    sum.sent += other.sent
    sum.forwardedCount &+= other.forwardedCount
    sum.drops += other.drops
    sum.requestedPacketCount &+= other.requestedPacketCount
    sum.requestedKeyFrameCount &+= other.requestedKeyFrameCount
  }
}

extension DropCounts {
  static func += (sum: inout DropCounts, other: DropCounts) {
    sum.unknownSender &+= other.unknownSender
    sum.rejected &+= other.rejected
    sum.unboundStream &+= other.unboundStream
    sum.excess &+= other.excess
  }
}

extension LinkCounters {
  static func += (sum: inout LinkCounters, other: LinkCounters) {
    for field in LinkCounters.fields { sum[keyPath: field] &+= other[keyPath: field] }
  }

  private static var fields: [WritableKeyPath<LinkCounters, UInt64>] {
    [
      \.packetCount, \.byteCount, \.soundPacketCount, \.soundByteCount, \.repeatedPacketCount,
      \.repeatedByteCount,
      \.protectionPacketCount, \.protectionByteCount, \.paddingPacketCount, \.paddingByteCount,
      \.pacedPacketCount, \.expiredPacketCount, \.probeCount, \.requestedPacketCount,
      \.keyFrameRequestCount, \.replayedKeyFrameCount,
    ]
  }
}
