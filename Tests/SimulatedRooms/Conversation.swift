import Wire

/// Who speaks: one after the other, with somebody else's word in between now and then.
struct Conversation {
  private static let step = Duration.milliseconds(100)

  private var random: RandomSource
  private var floor: (speaker: Int, until: Instant)?
  private var aside: (speaker: Int, until: Instant)?
  private var pauseUntil = Instant.zero

  private let hasAsides: Bool

  init(seed: UInt64, hasAsides: Bool) {
    random = .seeded(seed)
    self.hasAsides = hasAsides
  }

  /// The speakers from `now` on for a tenth of a second.
  mutating func speakers(of count: Int, at now: Instant) -> [Int] {
    guard count > 0 else { return [] }
    if let turn = floor, turn.until <= now {
      floor = nil
      pauseUntil = now + milliseconds(200, 800)
    }
    if floor == nil, pauseUntil <= now {
      floor = (draw(count), now + milliseconds(2000, 14_000))
    }
    if let word = aside, word.until <= now { aside = nil }
    if aside == nil, random.next() % 80 == 0, hasAsides {
      aside = (draw(count), now + milliseconds(600, 2500))
    }
    return [floor?.speaker, aside?.speaker].compactMap(\.self)
  }

  private mutating func draw(_ count: Int) -> Int { Int(random.next() % UInt64(count)) }

  private mutating func milliseconds(_ low: UInt64, _ high: UInt64) -> Duration {
    .milliseconds(Int64(low + random.next() % (high - low)))
  }
}
