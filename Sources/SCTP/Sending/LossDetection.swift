internal import Wire

/// When a chunk that is not acknowledged counts as lost: RACK (RFC 8985) on SCTP's SACKs.
///
/// A chunk is lost once one that was sent later has arrived, and a little more time than the network
/// reorders by has passed. Three packets out of order stand in for that time, as in RFC 9260 §7.2.4, as
/// long as the network has never been seen to reorder.
struct LossDetection: Sendable {
  private static let duplicateThreshold = 3
  /// Recoveries for which a wider window is kept (RFC 8985 §6.2 step 4).
  private static let persistence = 16
  private static let multiplierLimit: Int64 = 64

  /// The last sent packet of which something arrived.
  private(set) var newestPacket = Int64.min
  /// How long it took.
  private(set) var roundTrip = Duration.zero
  private(set) var hasSeenReordering = false
  /// The window in quarters of the shortest round trip.
  private(set) var multiplier: Int64 = 1
  private var persistCount = 0
  /// The window grew for a packet before this one: once per round trip is enough.
  private var widenedUntil = Int64.min
  /// Packets that arrived while something before them was missing.
  private var outOfOrderCount = 0

  /// Takes in what a SACK brought.
  mutating func note(
    _ delivery: Delivery, isOutOfOrder: Bool, minimumRoundTrip: Duration, at now: Instant
  ) {
    outOfOrderCount = isOutOfOrder ? outOfOrderCount + delivery.packetCount : 0
    if delivery.wasReordered { hasSeenReordering = true }
    guard let newest = delivery.newest, newest.packet > newestPacket else { return }
    let sample = now - newest.sentAt
    // Too fast for the copy: it was the original that arrived.
    if newest.transmissionCount > 1, sample < minimumRoundTrip { return }
    newestPacket = newest.packet
    roundTrip = sample
  }

  /// How much later than the newest arrival a chunk may be.
  func window(minimumRoundTrip: Duration, smoothed: Duration, isRecovering: Bool) -> Duration {
    if !hasSeenReordering, isRecovering || outOfOrderCount >= Self.duplicateThreshold {
      return .zero
    }
    return min(minimumRoundTrip / 4 * multiplier, smoothed)
  }

  /// Waits longer from now on: something was sent again that had arrived.
  mutating func widen(newest: Int64, nextPacket: Int64) {
    hasSeenReordering = true
    persistCount = Self.persistence
    guard newest >= widenedUntil else { return }
    widenedUntil = nextPacket
    multiplier = min(multiplier + 1, Self.multiplierLimit)
  }

  /// A recovery is over.
  mutating func noteRecovered() {
    guard persistCount > 0 else { return }
    persistCount -= 1
    if persistCount == 0 { multiplier = 1 }
  }
}
