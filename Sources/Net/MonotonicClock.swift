import Glibc
public import Wire

/// The one reader of the system's clocks.
public enum MonotonicClock {
  /// Now, on a clock that never goes back and that setting the date does not move.
  public static func now() -> Instant { Instant(nanoseconds: read(CLOCK_MONOTONIC)) }

  /// What to add to an instant to get the time since 1 January 1970, UTC.
  ///
  /// The date may be set while we run, so read it again now and then, not once for all.
  public static func unixOffset() -> Duration {
    Duration(nanoseconds: read(CLOCK_REALTIME)) - Duration(nanoseconds: read(CLOCK_MONOTONIC))
  }

  /// The processor time that the calling thread has used, in the kernel and outside it.
  public static func threadTime() -> Duration {
    Duration(nanoseconds: read(CLOCK_THREAD_CPUTIME_ID))
  }

  private static func read(_ clock: clockid_t) -> Int64 {
    var time = timespec()
    // The kernel writes into the local variable and keeps nothing; it cannot fail for these clocks.
    _ = unsafe clock_gettime(clock, &time)
    return Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
  }
}
