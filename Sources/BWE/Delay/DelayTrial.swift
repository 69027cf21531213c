import Wire

/// Tells a path that has become longer from a queue. Where packets wait evenly from one moment to the next it has less
/// sent for a moment: a queue of this sender's becomes shorter then, the way itself stays as long as it is.
struct DelayTrial: Sendable {
  /// What a trial has shown.
  enum Verdict: Sendable, Equatable {
    /// Packets took less time when fewer were sent, or as many arrived as before.
    case isQueue
    /// The path takes longer than it did, by all that seemed to be a queue.
    case isPath
  }

  /// What arrived of packets sent within some time.
  private struct Period {
    let start: Instant
    var least: Duration
    var packetCount = 0
    var byteCount = 0
    var firstArrival: Instant
    var firstByteCount: Int
    var lastArrival: Instant

    /// Bits per second.
    var rate: Double { .bitrate(byteCount - firstByteCount, over: lastArrival - firstArrival) }
  }

  private struct Running {
    let start: Instant
    let before: Period
  }

  private static let period = Duration.milliseconds(250)
  private static let leastCount = 10
  /// Shorter waits are not worth a trial.
  private static let leastWait = Duration.milliseconds(40)
  /// Two waits that differ by no more than this, or by this share of them, are even.
  private static let tolerance = Duration.milliseconds(6)
  private static let toleranceShare: Int64 = 10
  private static let reduction = 0.7
  /// A queue of which this sender's packets are a good part becomes shorter by more than this.
  private static let mostFall = Duration.milliseconds(50)
  /// A trial has not been one where more than this share of what arrived before still arrives.
  private static let leftShare = 0.88
  /// What is sent within this time after a trial began may still find the queue as it was.
  private static let lag = Duration.milliseconds(150)
  private static let patience = Duration.seconds(3)
  /// So many even periods tell as much where less is sent than may be: what is sent then does not follow the delay,
  /// and a queue would not stay as it is.
  private static let evenCount = 6
  /// A wait that is not even after so many periods has grown little by little, as queues do.
  private static let abruptCount = 3
  /// Between two trials.
  private static let interval = Duration.seconds(4)
  /// The same where it was seen that others fill the queue, and where that is in doubt.
  private static let sharedInterval = Duration.seconds(5)
  private static let doubtfulInterval = Duration.milliseconds(1500)

  private var current: Period?
  private var last: Period?
  private var running: Running?
  private var evenPeriods = 0
  /// Periods since packets did not wait.
  private var waitingPeriods = 0
  private var isSuspected = false
  private var notBefore = Instant.zero

  /// Bits per second that may be sent at most, while a trial is on.
  private(set) var limit: Double?

  /// Takes a packet that arrived.
  mutating func add(_ byteCount: Int, sentAt: Instant, arrivedAt: Instant, at now: Instant) {
    if let running, sentAt < running.start + Self.lag { return }
    let time = arrivedAt - sentAt
    guard var period = current else {
      current = Period(
        start: now, least: time, packetCount: 1, byteCount: byteCount, firstArrival: arrivedAt,
        firstByteCount: byteCount, lastArrival: arrivedAt)
      return
    }
    period.least = min(period.least, time)
    period.packetCount += 1
    period.byteCount += byteCount
    if arrivedAt < period.firstArrival {
      period.firstArrival = arrivedAt
      period.firstByteCount = byteCount
    }
    period.lastArrival = max(period.lastArrival, arrivedAt)
    current = period
  }

  /// Judges what was added. `base` is the least time that packets took of late.
  mutating func update(
    base: Duration, isApplicationLimited: Bool, isStanding: Bool = false, isShared: Bool = false,
    at now: Instant
  ) -> Verdict? {
    if let running, now - running.start > Self.patience {
      end(at: now)
      return nil
    }
    guard let period = current, now - period.start >= Self.period,
      period.packetCount >= Self.leastCount
    else { return nil }
    current = nil
    if let running {
      end(at: now)
      let verdict = judge(period, running, base)
      if isShared {
        notBefore = now + (verdict == .isPath ? Self.sharedInterval : Self.doubtfulInterval)
      }
      return verdict
    }
    note(period, base)
    guard isSuspected || isStanding || isShared, evenPeriods > 0, now >= notBefore else {
      return nil
    }
    if !isApplicationLimited || isShared {
      running = Running(start: now, before: period)
      limit = period.rate * Self.reduction
    } else if evenPeriods >= Self.evenCount {
      end(at: now)
      return .isPath
    }
    return nil
  }

  /// Forgets everything, as after a change of the path.
  mutating func reset() { self = Self() }

  private mutating func end(at now: Instant) {
    running = nil
    limit = nil
    current = nil
    last = nil
    evenPeriods = 0
    notBefore = now + Self.interval
  }

  private mutating func note(_ period: Period, _ base: Duration) {
    let isWaiting = period.least - base > Self.leastWait
    evenPeriods = last.map { isEven($0, period, base) } == true ? evenPeriods + 1 : 0
    waitingPeriods = isWaiting ? min(waitingPeriods + 1, 1000) : 0
    if !isWaiting {
      isSuspected = false
    } else if evenPeriods > 0, waitingPeriods <= Self.abruptCount {
      isSuspected = true
    }
    last = period
  }

  private func isEven(_ first: Period, _ second: Period, _ base: Duration) -> Bool {
    let waits = [first.least - base, second.least - base]
    guard waits.allSatisfy({ $0 > Self.leastWait }) else { return false }
    let difference = max(first.least, second.least) - min(first.least, second.least)
    return difference <= max(Self.tolerance, waits[1] / Self.toleranceShare)
  }

  private mutating func judge(_ period: Period, _ running: Running, _ base: Duration) -> Verdict {
    let wait = running.before.least - base
    let fall = running.before.least - period.least
    isSuspected = fall <= max(Self.tolerance, min(wait / 5, Self.mostFall))
    return isSuspected && period.rate <= running.before.rate * Self.leftShare ? .isPath : .isQueue
  }
}
