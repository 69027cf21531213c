import Wire

/// What came from one sender to one viewer.
package struct PairFigures: Sendable {
  /// Their links.
  package let sender: String
  package let viewer: String
  /// Of what was spoken: heard in time, and too late.
  package let heard: Double
  package let late: Double
  /// Seconds in which the picture was owed, the share in which it stood still, and how often it did.
  package let watched: Double
  package let frozen: Double
  package let freezeCount: Int

  init(_ sender: Participant, _ viewer: Participant) {
    self.sender = sender.link.name
    self.viewer = viewer.link.name
    let spoken = Double(max(sender.voice.measuredCount, 1))
    let voice = viewer.account.voices[sender.plan.place]
    heard = Double(voice?.heard ?? 0) / spoken
    late = Double(voice?.late ?? 0) / spoken
    let meters = viewer.account.sights.filter { $0.key.place == sender.plan.place }.map(
      \.value.meter)
    watched = meters.reduce(0) { $0 + $1.watched.seconds }
    frozen = meters.reduce(0) { $0 + $1.frozen.seconds } / max(watched, 0.001)
    freezeCount = meters.reduce(0) { $0 + $1.freezeCount }
  }
}

extension SimulatedRoom {
  /// What came from everybody to everybody.
  package var pairFigures: [PairFigures] {
    people.flatMap { viewer in
      people.filter { $0 !== viewer }.map { PairFigures($0, viewer) }
    }
  }
}

extension RoomTable {
  /// A line for each pair.
  package static func pairs(_ room: SimulatedRoom) -> String {
    room.pairFigures.map {
      "\($0.sender) → \($0.viewer): heard \(percent($0.heard, digits: 2)), late \(percent($0.late, digits: 2)), "
        + "watched \(fixed($0.watched, 0)) s, frozen \(percent($0.frozen, digits: 2)), \($0.freezeCount) times"
    }.joined(separator: "\n")
  }
}
