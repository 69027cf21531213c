internal import Wire

/// Spreads packets over the round trip, so that a large window makes no bursts.
struct Pacer: Sendable {
  /// A timer that comes late by so much costs no rate.
  private static let burst = Duration.milliseconds(2)
  /// The owner is woken for so much worth of packets at once, not for each.
  private static let quantum = Duration.milliseconds(1)
  /// Slower than this nothing is paced: a window of one packet each three seconds or so.
  private static let leastRate = 500.0

  /// When all that was sent would have left at the rate.
  private var freeAt = Instant.zero

  /// Whether a packet may leave at `now`.
  func isOpen(at now: Instant) -> Bool { freeAt <= now }

  /// When to try again.
  func release(smoothedRoundTrip: Duration) -> Instant {
    freeAt + min(Self.quantum, smoothedRoundTrip / 4)
  }

  /// Counts a packet that left.
  mutating func note(_ byteCount: Int, bytesPerSecond: Double?, at now: Instant) {
    guard let bytesPerSecond, bytesPerSecond.isFinite, byteCount > 0 else { return }
    let seconds = Double(min(byteCount, 1 << 20)) / max(bytesPerSecond, Self.leastRate)
    freeAt = max(freeAt, now - Self.burst) + Duration(nanoseconds: Int64(seconds * 1e9))
  }

  mutating func reset() { freeAt = .zero }
}
