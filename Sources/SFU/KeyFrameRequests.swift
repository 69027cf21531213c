import Wire

/// When to ask one sender stream for a key frame: at most every 500 ms, again while one is missing.
struct KeyFrameRequests {
  /// The shortest time between two requests.
  static let interval = Duration.milliseconds(500)

  private var lastSentAt: Instant?
  private(set) var isWanted = false

  /// Somebody needs a key frame.
  mutating func want() { isWanted = true }

  /// One has come.
  mutating func satisfy() { isWanted = false }

  /// When to ask next, if at all.
  var deadline: Instant? {
    guard isWanted else { return nil }
    guard let lastSentAt else { return .zero }
    return lastSentAt + Self.interval
  }

  /// Whether to ask now; notes that it was done.
  mutating func take(at now: Instant) -> Bool {
    guard let deadline, deadline <= now else { return false }
    lastSentAt = now
    return true
  }
}
