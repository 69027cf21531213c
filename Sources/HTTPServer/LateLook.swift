/// A deadline that is looked at late says little: while the process did not run, or had no processor, what was waited
/// for may have come, and timers fire before it is read. So it is waited for once more, for a moment.
enum LateLook {
  /// What comes later than this after a deadline is a late look.
  private static let lateness = Duration.milliseconds(500)
  /// From a late look to the next.
  private static let grace = Duration.seconds(1)

  /// When to look again; nil where the look at `now` was in time.
  static func extended(
    _ deadline: ContinuousClock.Instant, at now: ContinuousClock.Instant
  ) -> ContinuousClock.Instant? {
    now - deadline > lateness ? now + grace : nil
  }
}
