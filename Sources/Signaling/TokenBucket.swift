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

  /// Takes `count` tokens; takes none and returns false where there are fewer.
  public mutating func take(_ count: Int = 1, at now: Instant) -> Bool {
    let start = max(paidUntil, now - capacity)
    let end = start + interval * Int64(max(0, count))
    guard end <= now else { return false }
    paidUntil = end
    return true
  }
}
