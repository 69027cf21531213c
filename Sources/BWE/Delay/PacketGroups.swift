import Wire

/// Joins packets that were sent together into groups, and tells how much later each group was sent and arrived
/// than the one before (draft-ietf-rmcat-gcc-02 §5.1, §5.2).
struct PacketGroups: Sendable {
  /// How one group differs from the one before.
  struct Difference: Sendable, Equatable {
    /// From the last packet of one group to that of the next, as sent.
    let sent: Duration
    /// The same, as arrived.
    let arrived: Duration
    /// When the later group had arrived, on the other side's clock.
    let arrivedAt: Instant
  }

  private struct Group {
    let firstSent: Instant
    var lastSent: Instant
    let firstArrived: Instant
    var lastArrived: Instant
  }

  /// Packets sent within this time are one group.
  private static let sendingTime = Duration.milliseconds(5)
  /// Packets that arrive this close after one another were held back together on the way …
  private static let burstGap = Duration.milliseconds(5)
  /// … for at most this long.
  private static let burstLimit = Duration.milliseconds(100)
  /// Arrivals further apart than they were sent by this much come of another clock.
  private static let clockJump = Duration.seconds(3)

  private var previous: Group?
  private var current: Group?

  /// Forgets all groups.
  mutating func reset() { self = Self() }

  /// Takes a packet that arrived; gives a difference where it ends a group.
  mutating func add(sentAt: Instant, arrivedAt: Instant) -> Difference? {
    guard var group = current else {
      current = Group(
        firstSent: sentAt, lastSent: sentAt, firstArrived: arrivedAt, lastArrived: arrivedAt)
      return nil
    }
    guard sentAt >= group.firstSent else { return nil }
    if belongs(sentAt, arrivedAt, to: group) {
      group.lastSent = max(group.lastSent, sentAt)
      group.lastArrived = max(group.lastArrived, arrivedAt)
      current = group
      return nil
    }
    let difference = previous.flatMap { self.difference(group, $0) }
    previous = group
    current = Group(
      firstSent: sentAt, lastSent: sentAt, firstArrived: arrivedAt, lastArrived: arrivedAt)
    return difference
  }

  private func belongs(_ sentAt: Instant, _ arrivedAt: Instant, to group: Group) -> Bool {
    let gap = arrivedAt - group.lastArrived
    let isBurst =
      gap < sentAt - group.lastSent && gap <= Self.burstGap
      && arrivedAt - group.firstArrived < Self.burstLimit
    return isBurst || sentAt - group.firstSent <= Self.sendingTime
  }

  private func difference(_ group: Group, _ previous: Group) -> Difference? {
    let sent = group.lastSent - previous.lastSent
    let arrived = group.lastArrived - previous.lastArrived
    guard arrived >= .zero, sent >= .zero, arrived - sent < Self.clockJump else { return nil }
    return Difference(sent: sent, arrived: arrived, arrivedAt: group.lastArrived)
  }
}
