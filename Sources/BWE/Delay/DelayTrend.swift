import Wire

/// Whether the delay grows: the slope of a line through the delays of the last groups, against a threshold that
/// adapts to what is usual on the path (draft-ietf-rmcat-gcc-02 §5.3, §5.4).
struct DelayTrend: Sendable {
  /// What the slope says of the path.
  enum Usage: Sendable, Equatable {
    /// The delay stays as it is.
    case normal
    /// A queue drains.
    case underuse
    /// A queue grows.
    case overuse
  }

  private static let windowSize = 20
  private static let smoothing = 0.9
  private static let gain = 4.0
  private static let groupLimit = 60.0
  /// Milliseconds, and how fast they follow the slope per millisecond.
  private static let thresholdRange = 6.0...600.0
  private static let gainUp = 0.0087
  private static let gainDown = 0.039
  /// Slopes this far above the threshold do not move it.
  private static let outlier = 15.0
  /// The least milliseconds of growth before it is believed.
  private static let patience = 10.0

  private struct Point {
    let time: Double
    let delay: Double
  }

  /// The last ones; the oldest is at `oldest`.
  private var points: [Point] = []
  private var oldest = 0
  private var groupCount = 0.0
  private var start: Instant?
  private var delay = 0.0
  private var smoothedDelay = 0.0
  private var threshold = 12.5
  private var lastSlope = 0.0
  private var overuseTime: Double?
  private var overuseCount = 0
  private var lastUpdate: Instant?
  /// What the path looks like now.
  private(set) var usage = Usage.normal

  /// Forgets the delays, and keeps what is usual on the path.
  mutating func reset() {
    let threshold = threshold
    self = Self()
    self.threshold = threshold
  }

  /// Takes the next difference between groups.
  mutating func update(_ difference: PacketGroups.Difference) {
    let start = start ?? difference.arrivedAt
    self.start = start
    groupCount = min(groupCount + 1, Self.groupLimit)
    delay = (delay + (difference.arrived - difference.sent).clampedMilliseconds)
      .clamped(to: -1e7...1e7)
    smoothedDelay = Self.smoothing * smoothedDelay + (1 - Self.smoothing) * delay
    note(Point(time: (difference.arrivedAt - start).seconds * 1000, delay: smoothedDelay))
    let slope = points.count == Self.windowSize ? slopeOfLine() ?? lastSlope : 0
    detect(slope, over: difference.sent.clampedMilliseconds)
    adapt(to: (groupCount * slope * Self.gain).clamped(to: -1e6...1e6), at: difference.arrivedAt)
  }

  private mutating func note(_ point: Point) {
    guard points.count == Self.windowSize else {
      points.append(point)
      return
    }
    points[oldest] = point
    oldest = (oldest + 1) % Self.windowSize
  }

  private mutating func detect(_ slope: Double, over time: Double) {
    let value = (groupCount * slope * Self.gain).clamped(to: -1e6...1e6)
    defer { lastSlope = slope }
    guard value > threshold else {
      overuseTime = nil
      overuseCount = 0
      usage = value < -threshold ? .underuse : .normal
      return
    }
    // Nobody knows when between the groups the growth began.
    overuseTime = overuseTime.map { $0 + time } ?? time / 2
    overuseCount += 1
    guard (overuseTime ?? 0) > Self.patience, overuseCount > 1, slope >= lastSlope else { return }
    overuseTime = 0
    overuseCount = 0
    usage = .overuse
  }

  private mutating func adapt(to value: Double, at now: Instant) {
    let last = lastUpdate ?? now
    lastUpdate = now
    guard abs(value) <= threshold + Self.outlier else { return }
    let gain = abs(value) < threshold ? Self.gainDown : Self.gainUp
    let time = (now - last).clampedMilliseconds.clamped(to: 0...100)
    threshold = (threshold + gain * (abs(value) - threshold) * time)
      .clamped(to: Self.thresholdRange)
  }

  /// Least squares; nil where all groups arrived at once.
  private func slopeOfLine() -> Double? {
    let count = Double(points.count)
    var meanTime = 0.0
    var meanDelay = 0.0
    for point in points {
      meanTime += point.time
      meanDelay += point.delay
    }
    meanTime /= count
    meanDelay /= count
    var products = 0.0
    var squares = 0.0
    for point in points {
      products += (point.time - meanTime) * (point.delay - meanDelay)
      squares += (point.time - meanTime) * (point.time - meanTime)
    }
    return squares > 1e-9 ? products / squares : nil
  }
}
