internal import Wire

/// When to send SACK: at once for every second packet, for holes, for duplicates and where asked;
/// otherwise after a while (RFC 9260 §6.2). Packets that are taken in at one time may share one.
struct DelayedAcknowledgement: Hashable, Sendable {
  private var hasNewData = false
  private var packetCount = 0
  private var isAskedFor = false
  /// Whether one has to go out now.
  private(set) var isDue = false
  /// When one has to go out at the latest.
  private(set) var deadline: Instant?

  /// Whether one may go out with something else.
  var isOwed: Bool { isDue || deadline != nil }

  /// The packet that is being read has data.
  mutating func noteData(asksForImmediate: Bool) {
    hasNewData = true
    if asksForImmediate { isAskedFor = true }
  }

  /// The packet has FORWARD-TSN, which is answered at once (RFC 3758 §3.6).
  mutating func noteForwardTSN() {
    hasNewData = true
    isAskedFor = true
  }

  /// The packet has been read to its end.
  ///
  /// From the second packet on one is due now; with `limit` packets it does not wait for the owner to have taken in
  /// what else came with them.
  mutating func finishPacket(isUrgent: Bool, at now: Instant, delay: Duration, limit: Int) {
    guard hasNewData else { return }
    hasNewData = false
    packetCount += 1
    if isUrgent || isAskedFor || packetCount >= limit {
      makeDue()
    } else if packetCount >= 2 {
      deadline = now
    } else if deadline == nil {
      deadline = now + delay
    }
  }

  mutating func makeDue() {
    isDue = true
    deadline = nil
  }

  mutating func advance(to now: Instant) {
    if let deadline, deadline <= now { makeDue() }
  }

  /// One goes out.
  mutating func clear() { self = DelayedAcknowledgement() }
}
