import Wire

/// How long packets were on their way through a worker, from the reading of the socket to the writing: one look at the
/// clock for all packets of a batch.
struct ForwardTimes: Equatable, Sendable {
  /// The upper ends of the steps but the last, which has none.
  static let bounds: [Duration] = [
    .microseconds(100), .microseconds(250), .microseconds(500), .milliseconds(1),
    .microseconds(2_500), .milliseconds(5), .milliseconds(10), .milliseconds(20),
    .milliseconds(50), .milliseconds(100),
  ]

  /// Packets by step.
  private(set) var counts = [UInt64](repeating: 0, count: Self.bounds.count + 1)
  /// The times of all packets together.
  private(set) var total = Duration.zero

  /// Notes a batch of so many packets, each of which took `time` at most.
  mutating func note(_ time: Duration, packetCount: UInt64) {
    guard packetCount > 0 else { return }
    let step = Self.bounds.firstIndex { time <= $0 } ?? Self.bounds.count
    counts[step] &+= packetCount
    total = total + max(time, .zero) * Int64(clamping: packetCount)
  }

  static func += (sum: inout Self, other: Self) {
    for step in sum.counts.indices { sum.counts[step] &+= other.counts[step] }
    sum.total = sum.total + other.total
  }
}
