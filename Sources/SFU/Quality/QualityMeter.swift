/// Makes of judgements, one a second, a score that a person can look at: it falls after two that agree, at once where
/// it falls far, and rises slowly, a step at a time.
struct QualityMeter {
  private static let judgementsToFall = 2
  private static let judgementsToRise = 3
  /// A fall by so many steps needs no second judgement.
  private static let farFall: UInt8 = 2

  private enum Tendency {
    case none, falling, otherwise, rising
  }

  /// What is shown; nil before the first judgement.
  private(set) var shown: LinkQuality?
  private var tendency = Tendency.none
  private var agreeing = 0

  /// Takes the judgement of another second.
  mutating func take(_ judged: LinkQuality) {
    guard let shown, shown.score > 0, judged.score > 0 else { return show(judged) }
    let now: Tendency =
      if judged.score < shown.score {
        .falling
      } else if judged.score > shown.score {
        .rising
      } else {
        judged.reason == shown.reason ? .none : .otherwise
      }
    agreeing = now == tendency ? agreeing + 1 : 1
    tendency = now
    switch now {
    case .none: break
    case .falling:
      let isFar = judged.score + Self.farFall <= shown.score
      if isFar || agreeing >= Self.judgementsToFall { show(judged) }
    case .otherwise: if agreeing >= Self.judgementsToRise { show(judged) }
    case .rising:
      guard agreeing >= Self.judgementsToRise else { return }
      let score = shown.score + 1
      // Half way up nothing may be wrong any longer, but something was a moment ago.
      let reason = judged.reason == .none && score < 5 ? shown.reason : judged.reason
      show(LinkQuality(score: score, reason: reason))
    }
  }

  private mutating func show(_ quality: LinkQuality) {
    shown = quality
    tendency = .none
    agreeing = 0
  }
}
