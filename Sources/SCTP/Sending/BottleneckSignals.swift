internal import Wire

/// The greatest delivery rate of this probing cycle and the one before.
struct BandwidthFilter: Sendable {
  private var current = 0.0
  private var previous = 0.0

  /// In bytes per second.
  var greatest: Double { max(current, previous) }

  mutating func measure(_ bytesPerSecond: Double) { current = max(current, bytesPerSecond) }

  mutating func beginCycle() {
    // Without a measurement the last cycle's stays.
    guard current > 0 else { return }
    previous = current
    current = 0
  }
}

/// Tells round trips: one is over when something sent after its start is acknowledged.
struct RoundCounter: Sendable {
  /// What had been delivered when the round began.
  private(set) var end: Int64 = 0

  /// Whether a round begins.
  mutating func acknowledge(_ sample: DeliveryRate.Sample, delivered: Int64) -> Bool {
    guard sample.priorDelivered >= end else { return false }
    end = delivered
    return true
  }
}

/// What happened in the round so far.
struct RoundSignals: Sendable {
  /// Losing so much of what is in flight is too much, where a queue is seen.
  static let lossLimit = 0.02
  /// And where none is seen: a short queue that overflows loses more than a radio link should.
  static let lossLimitWithoutQueue = 0.06

  /// The greatest rate and amount delivered.
  private(set) var bandwidth = 0.0
  private(set) var inFlight = 0.0
  private(set) var lossEvents = 0
  private var lostByteCount = 0
  private var deliveredByteCount = 0
  private(set) var shortest: Duration?
  private var roundTripCount = 0
  /// A moving average over the last few packets.
  private var recent: Duration?

  /// Takes in a SACK; losses of packets before `overshootEnd` tell nothing new.
  mutating func note(_ progress: AcknowledgementProgress, overshootEnd: Int64) {
    bandwidth = max(bandwidth, progress.rate.bytesPerSecond ?? 0)
    inFlight = max(inFlight, Double(progress.rate.delivered))
    deliveredByteCount += progress.byteCount
    if progress.lostByteCount > 0, progress.newestLostPacket >= overshootEnd {
      lostByteCount += progress.lostByteCount
      lossEvents += 1
    }
    if let roundTrip = progress.roundTrip {
      shortest = min(shortest ?? roundTrip, roundTrip)
      roundTripCount += 1
      recent = recent.map { ($0 * 7 + roundTrip) / 8 } ?? roundTrip
    }
  }

  mutating func beginRound() { self = RoundSignals() }

  /// Whether even the fastest packet of the round waited.
  func hasQueue(_ least: Duration) -> Bool {
    guard let shortest else { return false }
    return shortest > least + max(least / 8, .milliseconds(1))
  }

  /// Whether the last packets waited as long as HyStart++ takes for a queue (RFC 9406 §4.2).
  func hasGrowingQueue(_ least: Duration) -> Bool {
    guard let recent, roundTripCount >= 8 else { return false }
    return recent >= least + min(max(least / 8, .milliseconds(4)), .milliseconds(16))
  }

  func isCongested(_ least: Duration) -> Bool {
    guard lostByteCount > 0 else { return false }
    let share = Double(lostByteCount) / Double(max(lostByteCount + deliveredByteCount, 1))
    return hasQueue(least) || share > Self.lossLimitWithoutQueue
  }
}

/// Tells that the rate no longer grows: the bottleneck is full.
struct FullPipeDetector: Sendable {
  private static let growth = 1.25
  private static let rounds = 3

  private(set) var isReached = false
  /// Losses told it, and not the rate.
  private(set) var wasCongested = false
  private var greatest = 0.0
  private var count = 0

  mutating func endRound(
    bandwidth: Double, isApplicationLimited: Bool, isCongested: Bool, hasQueue: Bool
  ) {
    guard !isReached else { return }
    if isCongested {
      isReached = true
      wasCongested = true
      return
    }
    guard !isApplicationLimited else { return }
    if bandwidth >= greatest * Self.growth {
      greatest = bandwidth
      count = 0
      return
    }
    count += 1
    // A queue that grows while the rate does not leaves no doubt.
    isReached = count >= (hasQueue ? 1 : Self.rounds)
  }
}

/// The round trip of the path without a queue.
struct ShortestRoundTrip: Sendable {
  /// In the last ten seconds or so; zero before the first measurement.
  private(set) var duration = Duration.zero
  private var measuredAt: Instant?
  /// The shortest of a probe that is going on.
  private var probed: Duration?
  private var isProbing = false

  mutating func measure(_ roundTrip: Duration?, at now: Instant) {
    guard let roundTrip else { return }
    if isProbing { probed = min(probed ?? roundTrip, roundTrip) }
    if measuredAt == nil || roundTrip <= duration {
      duration = roundTrip
      measuredAt = now
    }
  }

  func isStale(at now: Instant, after interval: Duration) -> Bool {
    measuredAt.map { now - $0 > interval } ?? false
  }

  mutating func beginProbe() {
    isProbing = true
    probed = nil
  }

  /// What the probe saw counts, longer or shorter.
  mutating func endProbe(at now: Instant) {
    isProbing = false
    measuredAt = now
    if let probed { duration = probed }
  }
}
