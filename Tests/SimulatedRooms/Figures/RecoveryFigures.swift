import Wire

/// What a participant had before its link changed for a while, and how soon it had that again.
package struct RecoveryFigures: Sendable {
  /// The share of what there was before that counts as having it again.
  package static let share = 0.8
  /// Whoever has not by then is said never to.
  private static let patience = 30
  /// What there was before is the mean of so many seconds.
  private static let memory = 8

  package let place: Int
  package let link: String
  package let isOutage: Bool
  /// Kilobits received per second, before the change and while it lasted.
  package let before: Int
  package let meanwhile: Int
  /// Whole seconds from its end until a second brought `share` of what came before; nil for never.
  package let seconds: Int?
  package let isConnected: Bool
  package let failures: Int

  init(_ change: SimulatedRoom.LinkChange, of person: Participant) {
    // Each entry is of a second that ends within the one it counts for.
    let counts = person.counts.secondlyByteCounts.map { $0 * 8 / 1000 }
    let start = Int(change.start.seconds)
    let end = Int(change.end.seconds) + 1
    place = change.place
    link = person.link.name
    isOutage = change.isOutage
    before = Self.mean(counts, max(start - Self.memory, 0), start)
    meanwhile = Self.mean(counts, start + 1, end - 1)
    let least = Int(Double(before) * Self.share)
    let later = counts.dropFirst(end).prefix(Self.patience)
    seconds = later.firstIndex { $0 >= least }.map { $0 - end + 1 }
    isConnected = person.isConnected
    failures = person.counts.failureCount
  }

  private static func mean(_ counts: [Int], _ start: Int, _ end: Int) -> Int {
    let part = counts.dropFirst(start).prefix(max(end - start, 0))
    return part.isEmpty ? 0 : part.reduce(0, +) / part.count
  }

  /// One line.
  package var json: String {
    """
    {"change": "\(isOutage ? "outage" : "fall")", "participant": \(place), "link": "\(link)", "beforeKbps": \(before), \
    "meanwhileKbps": \(meanwhile), "secondsToRecover": \(seconds.map(String.init) ?? "null"), "failures": \(failures)}
    """
  }
}

extension SimulatedRoom {
  /// What became of everybody whose link changed, after `run`.
  package var recoveries: [RecoveryFigures] {
    options.changes.filter { people.indices.contains($0.place) }.map {
      RecoveryFigures($0, of: people[$0.place])
    }
  }
}
