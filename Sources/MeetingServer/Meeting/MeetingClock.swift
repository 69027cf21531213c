import Foundation
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
  public static let system: MeetingClock = {
    let start = ContinuousClock.now
    return MeetingClock(
      now: {
        let (seconds, attoseconds) = (ContinuousClock.now - start).components
        return .zero + .seconds(seconds) + Duration(nanoseconds: attoseconds / 1_000_000_000)
      },
      milliseconds: {
        Int64(exactly: (Date().timeIntervalSince1970 * 1_000).rounded()) ?? 0
      })
  }()
}
