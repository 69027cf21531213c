internal import Wire

/// CUBIC (RFC 9438) with HyStart++ in slow start.
///
/// After a loss the window comes back fast to where it was, lingers there, and then goes further, by a
/// cubic function of time and not of the round trip: it fills long paths that halving never would.
struct CubicCongestionControl: Sendable {
  private static let initialPackets = 10
  /// The multiplicative decrease.
  static let beta = 0.7
  /// How aggressive the growth is, in packets per second cubed.
  static let scale = 0.4

  private let packetSize: Double
  private var current: Double
  private var threshold = Double.infinity
  private var hyStart: HyStart? = HyStart()
  /// The window before the last reduction, W_max.
  private(set) var greatest = 0.0
  /// What the window would be under the standard rule, W_est.
  private var standard = 0.0
  /// The window at the last reduction, where the standard rule's growth becomes full.
  private var priorWindow = 0.0
  private var epochStart: Instant?
  /// Seconds after which the window is `greatest` again.
  private(set) var inflection = 0.0
  private var lastAcknowledgement: Instant?

  init(packetSize: Int) {
    self.packetSize = Double(max(packetSize, 1))
    current = Double(Self.initialPackets) * self.packetSize
  }

  var window: Int { Int(min(current, 1e12)) }
  var slowStartThreshold: Int { threshold < 1e12 ? Int(threshold) : .max }

  mutating func acknowledge(_ progress: AcknowledgementProgress) {
    defer { lastAcknowledgement = progress.now }
    guard progress.isWindowLimited, !progress.isRecovering else {
      // Time without growth is no time of the curve (RFC 9438 §5.8).
      if let epochStart, let last = lastAcknowledgement {
        self.epochStart = epochStart + (progress.now - last)
      }
      return
    }
    if current < threshold {
      slowStart(progress)
    } else {
      avoidCongestion(progress)
    }
  }

  private mutating func slowStart(_ progress: AcknowledgementProgress) {
    let divisor = hyStart?.isConservative == true ? Double(HyStart.conservativeDivisor) : 1
    current += Double(progress.byteCount) / divisor
    if threshold.isFinite { current = min(current, max(threshold, 2 * packetSize)) }
    if hyStart?.acknowledge(progress) == true {
      threshold = current
      hyStart = nil
    }
  }

  private mutating func avoidCongestion(_ progress: AcknowledgementProgress) {
    let start = epochStart ?? beginEpoch(at: progress.now)
    let elapsed = max((progress.now - start + progress.smoothedRoundTrip).seconds, 0)
    let target = min(
      max(Self.curve(elapsed, inflection, greatest, packetSize), current), 1.5 * current)
    let acknowledged = Double(progress.byteCount)
    let alpha = standard < priorWindow ? 3 * (1 - Self.beta) / (1 + Self.beta) : 1
    standard += alpha * packetSize * acknowledged / current
    if Self.curve((progress.now - start).seconds, inflection, greatest, packetSize) < standard {
      current = max(current, standard)
    } else {
      current += (target - current) * acknowledged / current
    }
  }

  /// W_cubic in bytes, `elapsed` seconds into the epoch (RFC 9438 §4.2).
  static func curve(
    _ elapsed: Double, _ inflection: Double, _ greatest: Double, _ packetSize: Double
  ) -> Double {
    let distance = elapsed - inflection
    return scale * distance * distance * distance * packetSize + greatest
  }

  private mutating func beginEpoch(at now: Instant) -> Instant {
    epochStart = now
    standard = current
    if greatest <= current {
      greatest = current
      inflection = 0
    } else {
      inflection = Self.cubeRoot((greatest - current) / packetSize / Self.scale)
    }
    return now
  }

  mutating func reduce() {
    remember()
    threshold = max(current * Self.beta, 2 * packetSize)
    current = threshold
    epochStart = nil
    hyStart = nil
  }

  mutating func expire() {
    remember()
    threshold = max(current * Self.beta, 2 * packetSize)
    current = packetSize
    epochStart = nil
    hyStart = nil
  }

  /// Notes where the window was; a little lower where it had not come back to the last time's value, so
  /// that a newcomer gets room (RFC 9438 §4.7).
  private mutating func remember() {
    priorWindow = current
    greatest = current < greatest ? current * (1 + Self.beta) / 2 : current
  }

  /// Newton's method; the machine has no mathematics library.
  static func cubeRoot(_ value: Double) -> Double {
    guard value > 0, value.isFinite else { return 0 }
    var root = Double(
      sign: .plus, exponent: value.exponent / 3, significand: value.exponent % 3 == 0 ? 1 : 1.5)
    for _ in 0..<8 { root -= (root - value / (root * root)) / 3 }
    return root
  }
}
