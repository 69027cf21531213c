extension RoomFigures {
  /// Up to what loss of both ways together nearly all that is said is heard in time, and how much that is.
  package static let voiceAim = (loss: 0.205, heard: 0.99)
  /// Up to what loss of both ways together pictures move, and for how much of the time they may not.
  package static let pictureAim = (loss: 0.105, frozen: 0.02)

  /// What was heard with every seed that was tried, of as much as the aim speaks of, with something to spare: less is a step back.
  package static let leastHeard = 0.985
  /// Fewer frames than these say little.
  private static let tellingCount = 1000

  /// What is worse than it was, in words.
  package var regressions: [String] {
    paths.filter { path in
      path.loss <= Self.voiceAim.loss && path.expectedVoice >= Self.tellingCount
        && path.heard < Self.leastHeard
    }.map { path in
      "of what was said over \(RoomTable.percent(path.loss, digits: 1)) loss only "
        + "\(RoomTable.percent(path.heard, digits: 2)) was heard"
    }
  }

  /// What falls short of what was promised, in words.
  package var shortfalls: [String] {
    var lines: [String] = []
    for one in participants where !one.isConnected || one.interruptions + one.failures > 0 {
      lines.append("\(one.place) on \(one.link) did not stay connected")
    }
    if stuckTimers > 0 { lines.append("\(stuckTimers) timers did not move on") }
    for path in paths {
      let loss = RoomTable.percent(path.loss, digits: 1)
      if path.loss <= Self.voiceAim.loss, path.heard < Self.voiceAim.heard {
        lines.append(
          "of what was said over \(loss) loss \(RoomTable.percent(path.heard, digits: 2)) was heard"
        )
      }
      if path.loss <= Self.pictureAim.loss, path.frozenShare > Self.pictureAim.frozen {
        lines.append(
          "pictures over \(loss) loss stood still for \(RoomTable.percent(path.frozenShare, digits: 2))"
        )
      }
    }
    return lines
  }
}
