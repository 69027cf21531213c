import Wire

/// Tells a beat that comes about in time from one after a pause of the whole process, be it stopped, starved or asleep.
///
/// What people sent meanwhile is read after such a pause only, so nobody's time is up with its first beat.
struct Beat {
  /// From one beat to the next.
  static let interval: Swift.Duration = .milliseconds(200)
  /// Two beats further apart than this have a pause between them.
  private static let longestInterval = Duration.seconds(1)

  private var last: Instant?
  private var wasPause = false

  /// Whether to go by the time of this beat. Where all beats are late every other one counts.
  mutating func counts(at now: Instant) -> Bool {
    let isPause = last.map { now - $0 > Self.longestInterval } ?? false
    last = now
    wasPause = isPause && !wasPause
    return !wasPause
  }
}
