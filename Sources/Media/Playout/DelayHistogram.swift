import Wire

/// How much later than at best packets came, of late: the delay that nearly all of them keep.
///
/// Each packet weighs a little less than the next, so that after a few hundred an old one no longer counts.
struct DelayHistogram: Sendable {
  static let bucketWidth = Duration.milliseconds(5)
  private static let bucketCount = 200
  /// How much the next packet weighs beside this one.
  private static let growth = 1.005

  private var weights = [Double](repeating: 0, count: bucketCount)
  private var total = 0.0
  private var nextWeight = 1.0

  /// Takes the extra delay of one packet.
  mutating func add(_ delay: Duration) {
    let bucket = min(max(delay / Self.bucketWidth.nanoseconds, .zero).nanoseconds, 199)
    weights[Int(bucket)] += nextWeight
    total += nextWeight
    nextWeight *= Self.growth
    guard nextWeight > 1e12 else { return }
    for index in weights.indices { weights[index] /= nextWeight }
    total /= nextWeight
    nextWeight = 1
  }

  /// A delay that this share of packets does not exceed.
  func quantile(_ share: Double) -> Duration {
    var sum = 0.0
    for (index, weight) in weights.enumerated() {
      sum += weight
      if sum >= total * share { return Self.bucketWidth * Int64(index + 1) }
    }
    return Self.bucketWidth * Int64(Self.bucketCount)
  }
}
