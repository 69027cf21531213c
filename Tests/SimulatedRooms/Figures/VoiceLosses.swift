/// Why spoken frames were not heard, by what could have been done about it.
package struct VoiceLosses: Sendable {
  /// From the first frame of somebody's turn on, until the first that was heard: nobody was listening yet.
  package var beginnings = 0
  /// Heard by nobody in time, and by nobody ever: the way up.
  package var lateForAll = 0
  package var lostForAll = 0
  /// Heard by others: the way down.
  package var late = 0
  package var lost = 0

  /// So many frames into a turn it has no beginning any longer.
  private static let longestBeginning = 50

  static func += (sum: inout VoiceLosses, other: VoiceLosses) {
    sum.beginnings += other.beginnings
    sum.lateForAll += other.lateForAll
    sum.lostForAll += other.lostForAll
    sum.late += other.late
    sum.lost += other.lost
  }

  init() {}

  /// What `viewer` missed of `sender`, of which `others` are the accounts.
  init(_ voice: ViewerAccount.Voice?, ages: [UInt8], best: [ViewerAccount.Voice.Fate]) {
    var isBeginning = false
    for (place, age) in ages.enumerated() {
      let fate = voice?.fate(of: place + 1) ?? .missing
      if age == 1 { isBeginning = true }
      if fate == .heard || age > Self.longestBeginning { isBeginning = false }
      switch (fate, best[place]) {
      case (.heard, _): break
      case _ where isBeginning: beginnings += 1
      case (_, .late): lateForAll += 1
      case (_, .missing): lostForAll += 1
      case (.late, .heard): late += 1
      case (.missing, .heard): lost += 1
      }
    }
  }

  /// The best that became of each frame of `sender` with any of `viewers`.
  static func best(
    of sender: Participant, among viewers: [Participant]
  ) -> [ViewerAccount.Voice.Fate] {
    var best = [ViewerAccount.Voice.Fate](
      repeating: .missing, count: sender.voice.measuredCount)
    for viewer in viewers where viewer !== sender {
      guard let voice = viewer.account.voices[sender.plan.place] else { continue }
      for place in best.indices {
        let fate = voice.fate(of: place + 1)
        if fate.rawValue > best[place].rawValue { best[place] = fate }
      }
    }
    return best
  }
}
