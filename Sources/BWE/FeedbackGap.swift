import Wire

/// Notices when packets leave and nobody tells of them.
struct FeedbackGap: Sendable {
  /// What is left of the bitrate after each such time.
  static let backOff = 0.6
  private static let least = Duration.milliseconds(800)

  /// The first packet sent since something was heard, or since the last step back.
  private var waitingSince: Instant?
  private var lastHeard: Instant?

  /// Whether feedback ever came.
  var hasHeard: Bool { lastHeard != nil }

  /// When to step back.
  func deadline(_ roundTrip: Duration) -> Instant? {
    guard hasHeard, let waitingSince else { return nil }
    return waitingSince + patience(roundTrip)
  }

  /// A packet was sent.
  mutating func sent(at now: Instant) { if waitingSince == nil { waitingSince = now } }

  /// Feedback came; true where it was missed for so long that delays cannot be compared.
  mutating func received(_ roundTrip: Duration, at now: Instant) -> Bool {
    defer {
      lastHeard = now
      waitingSince = nil
    }
    guard let lastHeard else { return false }
    return now - lastHeard > max(roundTrip * 2, .milliseconds(500))
  }

  /// Whether to step back now.
  mutating func advance(_ roundTrip: Duration, to now: Instant) -> Bool {
    guard let deadline = deadline(roundTrip), now >= deadline else { return false }
    waitingSince = now
    return true
  }

  private func patience(_ roundTrip: Duration) -> Duration { max(roundTrip * 3, Self.least) }
}
