internal import Wire

/// How long to wait for an acknowledgement before everything in flight counts as lost (RFC 9260 §6.3).
struct RetransmissionTimeout: Sendable {
  /// The other side may hold a SACK back for 200 ms (RFC 9260 §6.2). A steady round trip makes the
  /// variance vanish; with less room than this, each lone packet would time out.
  private static let leastVariance = Duration.milliseconds(220)

  private let minimum: Duration
  private let maximum: Duration
  private let initial: Duration
  /// SRTT; `nil` before the first measurement.
  private(set) var smoothed: Duration?
  /// RTTVAR.
  private(set) var variance = Duration.zero
  /// The newest measurement.
  private(set) var latest: Duration?
  /// How often it was doubled since the last measurement.
  private(set) var backoffCount = 0

  init(initial: Duration, minimum: Duration, maximum: Duration) {
    self.minimum = max(minimum, .milliseconds(1))
    self.maximum = max(maximum, self.minimum)
    self.initial = initial
  }

  /// The timeout as it stands, doubled for each expiry in a row.
  var duration: Duration {
    let base = smoothed.map { $0 + max(variance * 4, Self.leastVariance) } ?? initial
    let bounded = min(max(base, minimum), maximum)
    return min(bounded * (1 << Int64(min(backoffCount, 16))), maximum)
  }

  /// Takes the round trip of a chunk that was sent once (Karn's rule is the caller's to keep).
  mutating func measure(_ roundTrip: Duration) {
    let sample = max(roundTrip, .zero)
    latest = sample
    backoffCount = 0
    guard let old = smoothed else {
      smoothed = sample
      variance = sample / 2
      return
    }
    let difference = old < sample ? sample - old : old - sample
    variance = (variance * 3 + difference) / 4
    smoothed = (old * 7 + sample) / 8
  }

  /// Doubles the timeout (RFC 9260 §6.3.3 E2).
  mutating func backOff() { backoffCount = min(backoffCount + 1, 16) }

  /// Forgets the doubling: something new was acknowledged.
  mutating func relax() { backoffCount = 0 }
}
