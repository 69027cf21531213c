import Wire

/// What the path carried of probes: the rate at which their packets were sent and arrived.
struct ProbeEstimator: Sendable {
  struct Result: Sendable, Equatable {
    let cluster: Int
    /// Bits per second.
    let bitrate: Double
    /// Whether the path carried less than was sent.
    let isSaturated: Bool
  }

  private struct Cluster {
    let id: Int
    let startedAt: Instant
    let firstNumber: UInt16
    var expected = 0
    var expectedBytes = 0
    var count = 0
    var byteCount = 0
    var firstSent = Instant(nanoseconds: .max)
    var lastSent = Instant(nanoseconds: .min)
    var lastSentBytes = 0
    var firstArrived = Instant(nanoseconds: .max)
    var firstArrivedBytes = 0
    var lastArrived = Instant(nanoseconds: .min)
    /// Places of what arrived, from the first packet on.
    var lowest = UInt16.max
    var highest: UInt16 = 0

    /// The share that arrived of what was sent between the first and the last that did.
    var share: Double {
      let span = Double(highest > lowest ? highest - lowest : 0) + 1
      return (Double(count) / span).clamped(to: 0.5...1)
    }
  }

  private struct Packet {
    let cluster: Int
    let sentAt: Instant
  }

  private static let clusterLimit = 16
  private static let packetLimit = 2048
  private static let memory = Duration.seconds(2)
  private static let longest = 1.0
  private static let leastShare = 0.5
  /// Beyond this the arrivals were bunched up.
  private static let mostGain = 2.0
  private static let carriedShare = 0.9
  /// What is believed of what arrived where the path was full.
  static let caution = 0.95

  private var clusters: [Cluster] = []
  private var packets: [UInt16: Packet] = [:]

  /// Packets and clusters that are remembered.
  var count: Int { packets.count + clusters.count }

  /// Notes a packet of a probe.
  mutating func sent(_ number: UInt16, byteCount: Int, cluster: Int, at now: Instant) {
    forget(at: now)
    guard packets.count < Self.packetLimit else { return }
    if !clusters.contains(where: { $0.id == cluster }) {
      clusters.append(Cluster(id: cluster, startedAt: now, firstNumber: number))
      if clusters.count > Self.clusterLimit { clusters.removeFirst() }
    }
    guard let place = clusters.firstIndex(where: { $0.id == cluster }) else { return }
    clusters[place].expected += 1
    clusters[place].expectedBytes += byteCount
    packets[number] = Packet(cluster: cluster, sentAt: now)
  }

  /// Takes the arrival of a packet; gives a result where it makes one. `loss` is the share that the path loses anyway.
  mutating func arrived(
    _ number: UInt16, byteCount: Int, sentAt: Instant, arrivedAt: Instant, loss: Double
  ) -> Result? {
    guard let packet = packets[number], packet.sentAt == sentAt,
      let place = clusters.firstIndex(where: { $0.id == packet.cluster })
    else { return nil }
    packets[number] = nil
    var cluster = clusters[place]
    cluster.count += 1
    cluster.byteCount += byteCount
    cluster.lowest = min(cluster.lowest, number &- cluster.firstNumber)
    cluster.highest = max(cluster.highest, number &- cluster.firstNumber)
    cluster.firstSent = min(cluster.firstSent, sentAt)
    if sentAt >= cluster.lastSent {
      cluster.lastSent = sentAt
      cluster.lastSentBytes = byteCount
    }
    if arrivedAt < cluster.firstArrived {
      cluster.firstArrived = arrivedAt
      cluster.firstArrivedBytes = byteCount
    }
    cluster.lastArrived = max(cluster.lastArrived, arrivedAt)
    clusters[place] = cluster
    return result(cluster, loss)
  }

  private func result(_ cluster: Cluster, _ loss: Double) -> Result? {
    let needed = max(Double(cluster.expected) * Self.leastShare, 3)
    guard Double(cluster.count) >= needed,
      Double(cluster.byteCount) >= Double(cluster.expectedBytes) * Self.leastShare
    else { return nil }
    let sending = cluster.lastSent - cluster.firstSent
    let arriving = cluster.lastArrived - cluster.firstArrived
    guard sending > .zero, arriving > .zero, sending.seconds < Self.longest,
      arriving.seconds < Self.longest
    else { return nil }
    let sent = Double.bitrate(cluster.byteCount - cluster.lastSentBytes, over: sending)
    let arrived = Double.bitrate(cluster.byteCount - cluster.firstArrivedBytes, over: arriving)
    guard sent > 0, arrived > 0, arrived / sent <= Self.mostGain else { return nil }
    let isSaturated = arrived < Self.carriedShare * sent
    // Where nothing was held up, what is missing was lost for other reasons.
    let share = isSaturated ? max(1 - loss, 0.5) : cluster.share
    let bitrate = min(sent, isSaturated ? Self.caution * arrived : arrived) / share
    return Result(cluster: cluster.id, bitrate: bitrate, isSaturated: isSaturated)
  }

  private mutating func forget(at now: Instant) {
    let oldest = now - Self.memory
    guard let first = clusters.first, first.startedAt < oldest else { return }
    clusters.removeAll { $0.startedAt < oldest }
    packets = packets.filter { $0.value.sentAt >= oldest }
  }
}
