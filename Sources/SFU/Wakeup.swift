import Wire

/// When one peer is to be looked at next: by the peer itself, and by whatever concerns it.
///
/// Everybody would be too many: most timers are one peer's own, and a room of a hundred has one that is due at any time.
final class Wakeup {
  /// Nobody is looked at more rarely.
  static let interval = Duration.seconds(1)

  /// The earliest time that anybody asked for.
  private(set) var at = Instant.zero

  /// Has the peer looked at by `deadline`.
  func call(_ deadline: Instant) { at = min(at, deadline) }

  /// The look is taken now: who wants the next one calls again.
  func take(at now: Instant) { at = now + Self.interval }
}
