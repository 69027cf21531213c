import Net
public import Wire

/// Where a meeting gets the time from; tests turn it by hand.
public struct MeetingClock: Sendable {
  /// The monotonic time, for deadlines.
  public let now: @Sendable () -> Instant
  /// Milliseconds since 1970, for people.
  public let milliseconds: @Sendable () -> Int64

  /// A clock of two readings.
  public init(
    now: @escaping @Sendable () -> Instant, milliseconds: @escaping @Sendable () -> Int64
  ) {
    self.now = now
    self.milliseconds = milliseconds
  }

  /// The machine's clocks.
  public static let system = MeetingClock(
    now: { MonotonicClock.now() },
    milliseconds: {
      (MonotonicClock.now() + MonotonicClock.unixOffset() - .zero).milliseconds
    })
}
