import Wire

/// How much later than at best the parts of a stream come: the best of the last 10 to 20 seconds counts.
struct ArrivalDelay {
  private static let epoch = Duration.seconds(10)

  private let clockRate: Int64
  /// Unwrapped ticks of the newest part.
  private(set) var newest: Int64?
  private var best: (transit: Duration, since: Instant)?
  private var earlierBest: Duration?

  init(clockRate: Int64) { self.clockRate = clockRate }

  mutating func unwrap(_ timestamp: UInt32) -> Int64 {
    guard let last = newest else {
      newest = Int64(timestamp)
      return Int64(timestamp)
    }
    let ticks =
      last &+ Int64(Int32(bitPattern: timestamp &- UInt32(truncatingIfNeeded: last)))
    newest = max(last, ticks)
    return ticks
  }

  /// Takes an arrival; gives how much longer it took than the fastest.
  mutating func note(_ ticks: Int64, at now: Instant) -> Duration {
    let transit = (now - .zero) - mediaTime(ticks)
    guard let current = best else {
      best = (transit, now)
      return .zero
    }
    let before = min(current.transit, earlierBest ?? current.transit)
    if now - current.since < Self.epoch {
      best?.transit = min(current.transit, transit)
    } else {
      earlierBest = current.transit
      best = (transit, now)
    }
    return max(transit - before, .zero)
  }

  /// When the part of `ticks` would have come at best.
  func earliest(_ ticks: Int64) -> Instant {
    guard let best else { return .zero }
    return .zero + mediaTime(ticks) + min(best.transit, earlierBest ?? best.transit)
  }

  private func mediaTime(_ ticks: Int64) -> Duration {
    let (seconds, rest) = ticks.quotientAndRemainder(dividingBy: clockRate)
    return .seconds(seconds) + Duration(nanoseconds: rest * 1_000_000_000 / clockRate)
  }
}

/// Delays in buckets, of which old ones count ever less.
struct DelayBuckets {
  let width: Duration
  private(set) var weights = [Double](repeating: 0, count: 100)
  private let growth: Double
  private var nextWeight = 1.0

  /// Buckets of `width`; `growth` is how much more each weighs than the one before.
  init(width: Duration = .milliseconds(10), growth: Double) {
    self.width = width
    self.growth = growth
  }

  /// Whether nothing was added.
  var isEmpty: Bool { nextWeight == 1 && !weights.contains { $0 > 0 } }

  mutating func add(_ delay: Duration) {
    weights[min(Int(delay.nanoseconds / width.nanoseconds), weights.count - 1)] += nextWeight
    nextWeight *= growth
    guard nextWeight > 1e12 else { return }
    for index in weights.indices { weights[index] /= nextWeight }
    nextWeight = 1
  }

  /// The delay that this share does not exceed.
  func quantile(_ share: Double) -> Duration {
    var left = weights.reduce(0, +) * share
    for (index, weight) in weights.enumerated() {
      left -= weight
      if left <= 0 { return width * Int64(index + 1) }
    }
    return width * Int64(weights.count)
  }
}
