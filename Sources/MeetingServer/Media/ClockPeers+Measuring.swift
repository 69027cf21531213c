import SCTP
import Wire

/// Who may measure, and for how long.
extension ClockPeers {
  /// A peer's place among those who measure.
  struct MeasuringPlace {
    /// When it is over, however much is measured.
    let end: Instant
    /// When it is over if nothing is measured until then; nil while something is.
    var pauseEnd: Instant?

    var deadline: Instant { min(end, pauseEnd ?? end) }
  }

  /// Has a peer measure by a channel, or says on it why not now, and closes it.
  func begin(
    _ measurement: ClockMeasurement, on id: DataChannelID, of member: Member, at now: Instant,
    into outbox: Outbox
  ) {
    guard !member.isGone else { return }
    if member.place == nil {
      if let reason = places.take(for: member.client) {
        let seconds = limits.timeToMeasure.milliseconds / 1_000
        let words = "\(ClockMeasurement.refusalMark)\(reason); come again in \(seconds) s"
        send(.text(words), on: id, to: member, at: now, into: outbox)
        return close(id, of: member, at: now, into: outbox)
      }
      member.place = MeasuringPlace(end: now + limits.timeToMeasure)
    }
    member.place?.pauseEnd = nil
    member.measurements[id] = measurement
  }

  /// A channel is not there any more, whatever it was for.
  func forget(_ id: DataChannelID, of member: Member, at now: Instant) {
    member.nextTimes[id] = nil
    guard member.measurements.removeValue(forKey: id) != nil, member.measurements.isEmpty else {
      return
    }
    member.place?.pauseEnd = now + limits.pauseInMeasuring
  }

  /// Gives the place of a peer to others, where its time is over.
  func endMeasuring(_ member: Member, ifDueAt now: Instant, into outbox: Outbox) {
    guard let place = member.place, place.deadline <= now else { return }
    for id in member.measurements.keys.sorted(by: { $0.rawValue < $1.rawValue }) {
      close(id, of: member, at: now, into: outbox)
    }
    giveBackPlace(of: member)
  }

  func giveBackPlace(of member: Member) {
    guard member.place != nil else { return }
    member.place = nil
    places.giveBack(for: member.client)
  }
}
