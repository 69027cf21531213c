import Wire

/// How far the sending of a probe is.
struct ProbeProgress: Sendable {
  let cluster: ProbeCluster
  private let start: Instant
  private var byteCount = 0
  private var count = 0

  init(_ cluster: ProbeCluster, at now: Instant) {
    self.cluster = cluster
    start = now
  }

  /// When the next packet is to leave.
  var nextSend: Instant {
    start + Duration(clampedSeconds: Double(byteCount) * 8 / Double(max(cluster.bitrate, 1000)))
  }

  /// Whether enough was sent.
  var isDone: Bool {
    count >= ProbeCluster.leastPacketCount && byteCount >= cluster.byteCount
  }

  mutating func sent(_ byteCount: Int) {
    self.byteCount += byteCount
    count += 1
  }
}
