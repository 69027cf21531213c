import RTP
import Wire

/// The sender reports that left last, to know one again when a receiver report answers it: a round trip is taken
/// from a report that was sent, and from no other.
struct SentReports {
  private static let limit = 4

  private var recent: [(middle: UInt32, at: Instant)] = []

  /// Notes a report that leaves now.
  mutating func note(ntpTimestamp: UInt64, at now: Instant) {
    if recent.count == Self.limit { recent.removeFirst() }
    recent.append((NTP.middle(ntpTimestamp), now))
  }

  /// When the report left whose timestamp has these middle bits.
  func sentAt(middle: UInt32) -> Instant? {
    guard middle != 0 else { return nil }
    return recent.last { $0.middle == middle }?.at
  }
}
