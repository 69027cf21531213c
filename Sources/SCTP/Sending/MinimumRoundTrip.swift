internal import Wire

/// The shortest round trip of the last ten to twenty seconds, in two windows that take turns.
struct MinimumRoundTrip: Sendable {
  private static let window = Duration.seconds(10)

  private var current: Duration?
  private var previous: Duration?
  private var started = Instant.zero

  /// The shortest one; `nil` before the first measurement.
  var duration: Duration? {
    guard let current else { return previous }
    return previous.map { min($0, current) } ?? current
  }

  mutating func measure(_ roundTrip: Duration, at now: Instant) {
    guard let least = current, now - started < Self.window else {
      previous = current
      current = roundTrip
      started = now
      return
    }
    current = min(least, roundTrip)
  }
}
