public import Wire

/// A rate limit: so many at once, so many a second.
public struct TokenBucket: Sendable {
  private let interval: Duration
  private let capacity: Duration
  private var paidUntil: Instant

  /// A full bucket of `burst` tokens that gains `rate` a second; both are at least 1.
  public init(rate: Int, burst: Int, at now: Instant) {
    interval = .seconds(1) / Int64(max(1, rate))
    capacity = interval * Int64(max(1, burst))
    paidUntil = now - capacity
  }

  /// Takes one token; false where there is none.
  public mutating func take(at now: Instant) -> Bool {
    let start = max(paidUntil, now - capacity)
    guard start + interval <= now else { return false }
    paidUntil = start + interval
    return true
  }
}
