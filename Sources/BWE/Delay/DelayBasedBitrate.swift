import Wire

/// The bitrate that the delay allows: additive increase, multiplicative decrease
/// (draft-ietf-rmcat-gcc-02 §5.5).
struct DelayBasedBitrate: Sendable {
  /// What is left of what arrived, where a queue stands and where it has only begun.
  private static let backOff = 0.85
  private static let gentleBackOff = 0.92
  private static let growthPerSecond = 0.08
  /// The most that is asked for beyond what arrived.
  private static let reach = 1.5
  /// The same in a queue that others fill.
  private static let sharedReach = 1.1
  private static let packetBits = 9600.0
  private static let leastAdditiveGrowth = 8000.0

  /// Bits per second.
  private(set) var bitrate: Double
  private(set) var linkCapacity = LinkCapacity()
  private(set) var lastDecrease: Instant?
  private var isHolding = false
  private var lastUpdate: Instant?
  private let range: ClosedRange<Double>

  init(_ bitrate: Double, range: ClosedRange<Double>) {
    self.bitrate = bitrate.clamped(to: range)
    self.range = range
  }

  /// Takes over a bitrate that was measured.
  mutating func set(_ measured: Double, at now: Instant) {
    bitrate = measured.clamped(to: range)
    lastUpdate = now
    if bitrate > linkCapacity.upperBound { linkCapacity.reset() }
  }

  /// Follows the delay; `acknowledged` bits per second arrived of late. While a queue stands, what arrives
  /// at this very moment is the path's `capacity`. A queue that is `isShared` is filled by others.
  mutating func update(
    _ usage: DelayTrend.Usage, acknowledged: Double?, roundTrip: Duration, capacity: Double?,
    isShared: Bool = false, at now: Instant
  ) {
    let elapsed = lastUpdate.map { (now - $0).seconds.clamped(to: 0...1) } ?? 0
    lastUpdate = now
    switch usage {
    case .underuse: isHolding = true
    case .overuse: decrease(acknowledged, capacity, roundTrip, now)
    case .normal:
      if isHolding {
        isHolding = false
      } else {
        increase(acknowledged, roundTrip, elapsed, isShared ? Self.sharedReach : Self.reach)
      }
    }
  }

  private mutating func increase(
    _ acknowledged: Double?, _ roundTrip: Duration, _ elapsed: Double, _ reach: Double
  ) {
    if let acknowledged, acknowledged > linkCapacity.upperBound { linkCapacity.reset() }
    let growth: Double
    if linkCapacity.estimate != nil {
      let responseTime = roundTrip.seconds.clamped(to: 0.01...2) + 0.1
      growth = max(Self.leastAdditiveGrowth, Self.packetBits / responseTime) * elapsed
    } else {
      growth = max(bitrate * Self.growthPerSecond * elapsed, 1000 * elapsed)
    }
    let limit = acknowledged.map { $0 * reach + 10_000 } ?? .infinity
    if bitrate < limit { bitrate = min(bitrate + growth, limit).clamped(to: range) }
  }

  private mutating func decrease(
    _ acknowledged: Double?, _ capacity: Double?, _ roundTrip: Duration, _ now: Instant
  ) {
    // One answer to one queue: what was sent before the last decrease still arrives.
    if capacity == nil, let last = lastDecrease, now - last < max(roundTrip, .milliseconds(100)),
      acknowledged ?? 0 > bitrate * 0.5
    {
      return
    }
    let measured = min(acknowledged ?? bitrate, capacity ?? .infinity)
    if measured < linkCapacity.lowerBound { linkCapacity.reset() }
    linkCapacity.addOveruse(measured)
    let share = capacity == nil ? Self.gentleBackOff : Self.backOff
    bitrate = min(bitrate, share * measured).clamped(to: range)
    isHolding = true
    lastDecrease = now
  }
}
