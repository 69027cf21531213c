import Wire

/// Plays one stream of sound and tells which frames were there when they were due: when to play is decided as Chromium
/// decides it (NetEQ's `DelayManager` with its `UnderrunOptimizer` and `ReorderOptimizer`, and the limits of its
/// `DecisionLogic`, in their settings of 2024).
///
/// A frame's delay is how much later it came than the fastest of the last two seconds. The target is what 95 of a hundred half
/// seconds needed for all frames that came in turn, or more, where frames out of turn are worth 20 ms for each hundredth of
/// them; or what the page asks for. Sound is stretched while there is less, and squeezed only where there is
/// more than the latest of the last two seconds needs.
struct VoicePlayout {
  private static let width = Duration.milliseconds(20)
  private static let costOfLoss = 20.0
  private static let quantile = 0.95
  private static let resampling = Duration.milliseconds(500)
  private static let startDelay = Duration.milliseconds(80)

  /// How long after the fastest way of a frame it is played.
  private(set) var delay = startDelay
  /// What the page asks for at least (`RTCRtpReceiver.jitterBufferTarget`).
  var least = Duration.zero
  private var arrivals = RecentArrivals()
  private var inTurn = DelayBuckets(width: width, growth: 1 / 0.983)
  private var all = DelayBuckets(width: width, growth: 1 / 0.9993)
  private var latestInTurn = Duration.zero
  private var sampledAt: Instant?
  private var arrived = [Int64](repeating: .min, count: 1024)
  private var count = 0

  /// A frame came, by itself or within another packet; nil where it has come before, else whether it was in time.
  mutating func receive(timestamp: UInt32, at now: Instant) -> Bool? {
    let before = arrivals.newest
    let ticks = arrivals.unwrap(timestamp)
    let place = Int((ticks / 960) & 1023)
    guard arrived[place] != ticks else { return nil }
    arrived[place] = ticks
    let isInTurn = before.map { ticks > $0 } ?? true
    let late = arrivals.note(ticks, isInTurn: isInTurn, at: now)
    if isInTurn { sample(late, now) }
    all.add(isInTurn ? .zero : late)
    let isInTime = late <= delay
    count += 1
    if count % 10 == 0 { adapt() }
    // What comes late in its turn is played late, and all after it too; what was overtaken is not.
    if !isInTime, isInTurn { delay = min(late, .seconds(1)) }
    return isInTime
  }

  private mutating func sample(_ late: Duration, _ now: Instant) {
    let since = sampledAt ?? now
    sampledAt = since
    if now - since > Self.resampling {
      inTurn.add(latestInTurn)
      sampledAt = now
      latestInTurn = .zero
    }
    latestInTurn = max(latestInTurn, late)
  }

  /// What the player aims at.
  private var target: Duration {
    let base = inTurn.isEmpty ? Self.startDelay : inTurn.quantile(Self.quantile)
    return max(max(base, worthWaiting(beyond: base)), least)
  }

  private func worthWaiting(beyond base: Duration) -> Duration {
    let total = all.weights.reduce(0, +)
    var left = total
    var cheapest = Double.infinity
    var best = 0
    for (index, weight) in all.weights.enumerated() {
      left -= weight
      let wait = max(Double((Self.width * Int64(index) - base).nanoseconds) / 1e6, 0)
      let cost = wait + Self.costOfLoss * 100 * max(left, 0) / max(total, 1e-9)
      if cost < cheapest {
        cheapest = cost
        best = index
      }
      if left <= total * 1e-9 { break }
    }
    return Self.width * Int64(best + 1)
  }

  /// Ten frames can be stretched or squeezed by so much unheard.
  private mutating func adapt() {
    let target = target
    let high = target + arrivals.latest + Self.width
    if delay < target {
      delay = min(target, delay + .milliseconds(20))
    } else if delay > high {
      delay = max(high, delay - .milliseconds(10))
    }
  }
}

/// The frames of the last two seconds: the fastest and the slowest of those that came in turn.
private struct RecentArrivals {
  private static let window: Int64 = 2 * 48_000

  private struct Arrival {
    var ticks: Int64
    /// Arrival without the frame's own time.
    var transit: Duration
  }

  /// Unwrapped ticks of the newest frame.
  private(set) var newest: Int64?
  /// Ever slower ones, and ever faster ones, oldest first.
  private var fastest: [Arrival] = []
  private var slowest: [Arrival] = []

  mutating func unwrap(_ timestamp: UInt32) -> Int64 {
    guard let last = newest else {
      newest = Int64(timestamp)
      return Int64(timestamp)
    }
    let ticks = last &+ Int64(Int32(bitPattern: timestamp &- UInt32(truncatingIfNeeded: last)))
    newest = max(last, ticks)
    return ticks
  }

  /// Takes an arrival; gives how much longer it took than the fastest.
  mutating func note(_ ticks: Int64, isInTurn: Bool, at now: Instant) -> Duration {
    let (seconds, rest) = ticks.quotientAndRemainder(dividingBy: 48_000)
    let time = Duration.seconds(seconds) + Duration(nanoseconds: rest * 1_000_000_000 / 48_000)
    let transit = (now - .zero) - time
    if isInTurn {
      fastest.removeAll { $0.ticks < ticks - Self.window || $0.transit >= transit }
      slowest.removeAll { $0.ticks < ticks - Self.window || $0.transit <= transit }
      fastest.append(Arrival(ticks: ticks, transit: transit))
      slowest.append(Arrival(ticks: ticks, transit: transit))
    }
    return max(transit - (fastest.first?.transit ?? transit), .zero)
  }

  /// How much later the slowest came.
  var latest: Duration {
    guard let fast = fastest.first, let slow = slowest.first else { return .zero }
    return max(slow.transit - fast.transit, .zero)
  }
}
