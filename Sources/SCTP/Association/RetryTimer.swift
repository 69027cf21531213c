internal import Wire

/// A timer for something that is sent again until it is answered: T1-init, T1-cookie, T2-shutdown
/// (RFC 9260 §5.1, §9.2) and RE-CONFIG's (RFC 6525 §5.1.1). Each expiry doubles the wait.
struct RetryTimer: Hashable, Sendable {
  private let maximum: Duration
  private var wait = Duration.zero
  /// Expiries since it was started.
  private(set) var expiryCount = 0
  /// When it expires; `nil` while it is stopped.
  private(set) var deadline: Instant?

  /// A timer that never waits longer than `maximum`.
  init(maximum: Duration) { self.maximum = maximum }

  /// Starts anew, to expire after `wait`.
  mutating func start(after wait: Duration, at now: Instant) {
    self.wait = wait
    expiryCount = 0
    deadline = now + wait
  }

  mutating func stop() { deadline = nil }

  /// Whether it has expired; if so it runs on, for twice as long.
  mutating func expire(at now: Instant) -> Bool {
    guard let deadline, deadline <= now else { return false }
    expiryCount += 1
    wait = min(wait * 2, maximum)
    self.deadline = now + wait
    return true
  }
}
