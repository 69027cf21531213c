import Wire

/// The bitrate that arrives at the other side: samples over a short time, weighted by how believable
/// they are (a Bayesian estimate with a growing variance).
struct AcknowledgedBitrate: Sendable {
  /// How long what arrived is felt.
  static let memory = Duration.milliseconds(500)
  private static let firstWindow = Duration.milliseconds(500)
  private static let window = Duration.milliseconds(150)
  private static let uncertainty = 10.0
  private static let uncertaintyWhenIdle = 20.0
  private static let varianceGrowth = 5.0

  private var windowStart: Instant?
  private var byteCount = 0
  private var variance = 50.0
  /// Kilobits per second.
  private var estimate: Double?

  /// Bits per second, once enough has arrived.
  var bitrate: Double? { estimate.map { $0 * 1000 } }

  /// Begins anew, as after a gap.
  mutating func reset() { self = Self() }

  /// The next samples may differ much from those before.
  mutating func expectChange() { variance += 200 }

  /// Takes the arrival of `byteCount` bytes; times are of the other side's clock and may run backwards.
  mutating func add(_ byteCount: Int, arrivedAt: Instant, isApplicationLimited: Bool) {
    guard let start = windowStart else {
      windowStart = arrivedAt
      return
    }
    let elapsed = arrivedAt - start
    let window = estimate == nil ? Self.firstWindow : Self.window
    guard elapsed > .milliseconds(-150), elapsed < .seconds(2) else {
      windowStart = arrivedAt
      self.byteCount = 0
      return
    }
    self.byteCount = min(self.byteCount + max(0, byteCount), 1 << 40)
    guard elapsed >= window else { return }
    take(Double.bitrate(self.byteCount, over: elapsed) / 1000, isApplicationLimited)
    self.byteCount = 0
    windowStart = arrivedAt
  }

  private mutating func take(_ sample: Double, _ isApplicationLimited: Bool) {
    guard let estimate else {
      self.estimate = sample
      return
    }
    let scale =
      isApplicationLimited && sample < estimate ? Self.uncertaintyWhenIdle : Self.uncertainty
    let deviation = scale * abs(estimate - sample) / max(estimate, 1)
    let sampleVariance = deviation * deviation
    let predicted = min(variance + Self.varianceGrowth, 1e6)
    let sum = max(sampleVariance + predicted, 1e-9)
    self.estimate = ((sampleVariance * estimate + predicted * sample) / sum).clamped(to: 0...1e9)
    variance = (sampleVariance * predicted / sum).clamped(to: 0...1e6)
  }
}
