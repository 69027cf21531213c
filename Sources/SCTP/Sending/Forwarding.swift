internal import Wire

/// How far the other side may be told to move on past what was given up (RFC 3758 §3.5).
struct Forwarding: Sendable {
  /// Advanced.Peer.Ack.Point: the last chunk to pass over.
  private(set) var point: Int64
  /// Everything up to here was given up, or arrived and need not be kept.
  private(set) var scanned: Int64
  /// What the newest FORWARD-TSN told of, and when.
  private var told: Int64
  private var toldAt = Instant.zero
  /// Whether one is to be sent.
  private(set) var isDue = false

  init(cumulative: Int64) {
    point = cumulative
    scanned = cumulative
    told = cumulative
  }

  /// Looks for given up chunks behind what is known. Chunks that arrived are passed over where their
  /// messages may get lost anyway; those of reliable messages have to be acknowledged cumulatively,
  /// since until then the other side may still drop them.
  mutating func scan(_ outstanding: OutstandingData, _ messages: borrowing OutgoingMessageTable) {
    scanned = max(scanned, outstanding.cumulative)
    point = max(point, outstanding.cumulative)
    while scanned + 1 < outstanding.next {
      let state = outstanding.ring[scanned + 1].state
      if state == .abandoned {
        point = scanned + 1
      } else {
        let message = outstanding.ring[scanned + 1].message
        guard state == .acknowledged, messages[message].isPartiallyReliable else { break }
      }
      scanned += 1
    }
    if point > outstanding.cumulative {
      if point > told { isDue = true }
    } else {
      isDue = false
    }
  }

  /// Forgets what was found beyond the cumulative TSN.
  mutating func startAgain(_ cumulative: Int64) {
    scanned = cumulative
    point = max(cumulative, told)
  }

  /// A SACK came and the other side still waits: it is told again, once per round trip.
  mutating func noteAcknowledgement(
    _ outstanding: OutstandingData, at now: Instant, interval: Duration
  ) {
    if point > outstanding.cumulative, now - toldAt >= interval { isDue = true }
  }

  mutating func repeatNow(_ outstanding: OutstandingData) {
    if point > outstanding.cumulative { isDue = true }
  }

  mutating func noteTold(_ sequence: Int64, at now: Instant) {
    told = sequence
    toldAt = now
    isDue = false
  }
}
