/// What the path carried when it was full, and how much that varies.
struct LinkCapacity: Sendable {
  private static let smoothing = 0.05
  private static let varianceRange = 0.4...2.5

  /// Bits per second, if the path was ever full.
  private(set) var estimate: Double?
  /// In kilobits per second, divided by the estimate.
  private var variance = 0.4

  /// Three deviations above the estimate.
  var upperBound: Double { estimate.map { $0 + 3 * deviation($0) } ?? .infinity }

  /// Three deviations below the estimate.
  var lowerBound: Double { estimate.map { max(0, $0 - 3 * deviation($0)) } ?? 0 }

  /// The path has changed.
  mutating func reset() { estimate = nil }

  /// Takes what arrived when the path was full.
  mutating func addOveruse(_ bitrate: Double) { update(bitrate, Self.smoothing) }

  /// Takes what a probe found.
  mutating func addProbe(_ bitrate: Double) { update(bitrate, 0.5) }

  private mutating func update(_ bitrate: Double, _ weight: Double) {
    let sample = bitrate.clamped(to: 1...1e12)
    let mean = estimate.map { (1 - weight) * $0 + weight * sample } ?? sample
    let error = (mean - sample) / 1000
    variance = ((1 - weight) * variance + weight * error * error / max(mean / 1000, 1))
      .clamped(to: Self.varianceRange)
    estimate = mean
  }

  private func deviation(_ estimate: Double) -> Double {
    (variance * estimate / 1000).squareRoot() * 1000
  }
}
