import Wire

/// Relates RTP timestamps to arrival: when a frame would have come had the path been at its best.
///
/// The best of the last 10–20 s counts, so that clocks that drift apart do no harm.
struct PlayoutClock: Sendable {
  private static let epoch = Duration.seconds(10)
  /// A timestamp that is off by more than this is of a new media clock.
  private static let jumpLimit = Duration.seconds(10)

  private struct Best: Sendable {
    var transit: Duration
    let since: Instant
  }

  private let clockRate: Int64
  /// Unwrapped ticks of the newest packet.
  private var ticks: Int64?
  private var best: Best?
  private var earlierBest: Duration?

  init(clockRate: UInt32) { self.clockRate = Int64(clockRate) }

  /// Takes the arrival of a packet; yields how much longer it took than the best one, or nil where the clock
  /// started anew with it.
  mutating func observe(_ timestamp: UInt32, at now: Instant) -> Duration? {
    let ticks = unwrap(timestamp)
    let transit = (now - .zero) - mediaTime(ticks)
    guard let fastest = fastestTransit, deviation(transit, fastest) < Self.jumpLimit else {
      self.ticks = Int64(timestamp)
      best = Best(transit: (now - .zero) - mediaTime(Int64(timestamp)), since: now)
      earlierBest = nil
      return nil
    }
    self.ticks = max(self.ticks ?? ticks, ticks)
    if let best, now - best.since < Self.epoch {
      self.best?.transit = min(best.transit, transit)
    } else {
      earlierBest = best?.transit
      best = Best(transit: transit, since: now)
    }
    return max(transit - fastest, .zero)
  }

  /// When the frame of `timestamp` would have come at best; nil before the first packet.
  func earliestArrival(_ timestamp: UInt32) -> Instant? {
    fastestTransit.map { .zero + mediaTime(unwrap(timestamp)) + $0 }
  }

  private var fastestTransit: Duration? {
    best.map { min($0.transit, earlierBest ?? $0.transit) }
  }

  private func unwrap(_ timestamp: UInt32) -> Int64 {
    guard let ticks else { return Int64(timestamp) }
    let offset = Int32(bitPattern: timestamp &- UInt32(truncatingIfNeeded: ticks))
    return ticks &+ Int64(offset)
  }

  private func mediaTime(_ ticks: Int64) -> Duration {
    let (seconds, rest) = ticks.quotientAndRemainder(dividingBy: clockRate)
    return .seconds(seconds) + Duration(nanoseconds: rest * 1_000_000_000 / clockRate)
  }

  private func deviation(_ left: Duration, _ right: Duration) -> Duration {
    left < right ? right - left : left - right
  }
}
