/// A point on a monotonic clock that the owner of a machine chose, in nanoseconds.
///
/// Machines never read a clock: they are told the time. Arithmetic saturates, so no time from
/// outside can trap.
public struct Instant: Hashable, Comparable, Sendable {
  /// Nanoseconds since the clock's arbitrary start.
  public var nanoseconds: Int64

  /// The instant `nanoseconds` after the clock's start.
  @inlinable public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

  /// The clock's start.
  @inlinable public static var zero: Instant { Instant(nanoseconds: 0) }

  /// Whether the left instant is earlier.
  @inlinable public static func < (left: Instant, right: Instant) -> Bool {
    left.nanoseconds < right.nanoseconds
  }

  /// The instant that is `duration` later, at most the last one that can be told.
  @inlinable public static func + (instant: Instant, duration: Duration) -> Instant {
    Instant(nanoseconds: (Duration(nanoseconds: instant.nanoseconds) + duration).nanoseconds)
  }

  /// The instant that is `duration` earlier.
  @inlinable public static func - (instant: Instant, duration: Duration) -> Instant {
    Instant(nanoseconds: (Duration(nanoseconds: instant.nanoseconds) - duration).nanoseconds)
  }

  /// The time from `right` to `left`, negative where `left` is earlier.
  @inlinable public static func - (left: Instant, right: Instant) -> Duration {
    Duration(nanoseconds: left.nanoseconds) - Duration(nanoseconds: right.nanoseconds)
  }
}

/// A length of time in nanoseconds, 8 bytes wide; arithmetic saturates.
public struct Duration: Hashable, Comparable, Sendable {
  /// The length in nanoseconds.
  public var nanoseconds: Int64

  /// A length of `nanoseconds`.
  @inlinable public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

  /// No time at all.
  @inlinable public static var zero: Duration { Duration(nanoseconds: 0) }

  /// A whole number of seconds.
  @inlinable public static func seconds(_ count: Int64) -> Duration {
    Duration(nanoseconds: count) * 1_000_000_000
  }

  /// A whole number of milliseconds.
  @inlinable public static func milliseconds(_ count: Int64) -> Duration {
    Duration(nanoseconds: count) * 1_000_000
  }

  /// A whole number of microseconds.
  @inlinable public static func microseconds(_ count: Int64) -> Duration {
    Duration(nanoseconds: count) * 1_000
  }

  /// Whole milliseconds, rounded towards zero.
  @inlinable public var milliseconds: Int64 { nanoseconds / 1_000_000 }

  /// Whole microseconds, rounded towards zero.
  @inlinable public var microseconds: Int64 { nanoseconds / 1_000 }

  /// The length in seconds.
  @inlinable public var seconds: Double { Double(nanoseconds) / 1_000_000_000 }

  /// Whether the left length is shorter.
  @inlinable public static func < (left: Duration, right: Duration) -> Bool {
    left.nanoseconds < right.nanoseconds
  }

  /// The sum, saturated.
  @inlinable public static func + (left: Duration, right: Duration) -> Duration {
    let (sum, overflow) = left.nanoseconds.addingReportingOverflow(right.nanoseconds)
    guard overflow else { return Duration(nanoseconds: sum) }
    return Duration(nanoseconds: right.nanoseconds < 0 ? .min : .max)
  }

  /// The difference, saturated.
  @inlinable public static func - (left: Duration, right: Duration) -> Duration {
    let (difference, overflow) = left.nanoseconds.subtractingReportingOverflow(right.nanoseconds)
    guard overflow else { return Duration(nanoseconds: difference) }
    return Duration(nanoseconds: right.nanoseconds < 0 ? .max : .min)
  }

  /// The product, saturated.
  @inlinable public static func * (duration: Duration, factor: Int64) -> Duration {
    let (product, overflow) = duration.nanoseconds.multipliedReportingOverflow(by: factor)
    guard overflow else { return Duration(nanoseconds: product) }
    return Duration(nanoseconds: (duration.nanoseconds < 0) == (factor < 0) ? .max : .min)
  }

  /// The quotient, rounded towards zero; dividing by zero gives the longest duration.
  @inlinable public static func / (duration: Duration, divisor: Int64) -> Duration {
    let (quotient, overflow) = duration.nanoseconds.dividedReportingOverflow(by: divisor)
    return Duration(nanoseconds: overflow ? .max : quotient)
  }
}
