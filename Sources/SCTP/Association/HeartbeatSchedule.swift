internal import Wire

/// When to ask whether the other side is there (RFC 9260 §8.3).
struct HeartbeatSchedule: Hashable, Sendable {
  private let interval: Duration?
  private var nonce: UInt64?
  private var sentAt = Instant.zero
  /// When to ask, or, after having asked, when to give the answer up.
  private(set) var deadline: Instant?

  init(interval: Duration?) { self.interval = interval }

  /// Something else shows that the other side is there, or the association has just begun.
  mutating func postpone(at now: Instant) {
    guard nonce == nil else { return }
    deadline = interval.map { now + $0 }
  }

  /// What is due: the last question was not answered, and a new one is to be asked.
  struct Due {
    var wasUnanswered: Bool
    var heartbeat: Heartbeat
  }

  /// Returns what is due at `now`; an answer is awaited for `timeout`.
  mutating func advance(
    to now: Instant, timeout: Duration, random: inout RandomSource
  ) -> Due? {
    guard let deadline, deadline <= now else { return nil }
    let wasUnanswered = nonce != nil
    let fresh = random.next()
    nonce = fresh
    sentAt = now
    self.deadline = now + timeout
    return Due(wasUnanswered: wasUnanswered, heartbeat: Heartbeat(nonce: fresh))
  }

  /// Takes an answer. Returns the round trip, or `nil` where it answers nothing that was asked.
  mutating func receive(_ answer: Heartbeat, at now: Instant) -> Duration? {
    guard let expected = nonce, expected == answer.nonce else { return nil }
    nonce = nil
    postpone(at: now)
    return now - sentAt
  }
}
