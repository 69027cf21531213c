import Wire

/// How long packets wait on the way: the time they take beyond the least they took of late.
struct QueueDelay: Sendable {
  /// The least is looked for in so many periods of a second.
  private static let periodCount = 20
  private static let period = Duration.seconds(1)

  /// A queue longer than this is one.
  private static let standing = Duration.milliseconds(60)
  /// A queue that stays for so long, though less is sent, is fed by others.
  private static let patience = Duration.seconds(3)
  /// On a slow path so many packets take longer, and so does the draining.
  private static let leastCount = 150

  private struct Period {
    let start: Instant
    var least: Duration
  }

  private var current: Period?
  /// The periods before the current one, and the least time in any of them: with each report only that is looked at.
  private var earlier: [Period] = []
  private var earlierLeast: Duration?
  /// The wait of the packets that were told of last.
  private(set) var value = Duration.zero

  private var standingSince: Instant?
  private var standingCount = 0

  /// Whether others fill the queue, whatever this sender does: file transfers, as a rule.
  func isOfOthers(at now: Instant) -> Bool {
    guard let standingSince, standingCount >= Self.leastCount else { return false }
    return now - standingSince > Self.patience
  }

  /// Takes the least time from sending to arrival among `packetCount` packets told of at `now`; the clocks need
  /// not agree.
  mutating func update(_ time: Duration, packetCount: Int = 1, at now: Instant) {
    if let current, now - current.start < Self.period {
      self.current?.least = min(current.least, time)
    } else {
      begin(Period(start: now, least: time))
    }
    value = min(time - (least ?? time), .seconds(10))
    if value < Self.standing {
      standingSince = nil
      standingCount = 0
    } else {
      standingSince = standingSince ?? now
      standingCount = min(standingCount + packetCount, Self.leastCount)
    }
  }

  /// The least time of late; the clocks need not agree.
  var least: Duration? {
    guard let current else { return nil }
    return earlierLeast.map { min($0, current.least) } ?? current.least
  }

  private mutating func begin(_ period: Period) {
    if let current { earlier.append(current) }
    if earlier.count >= Self.periodCount { earlier.removeFirst() }
    earlierLeast = earlier.map(\.least).min()
    current = period
  }

  /// The queue is this sender's own, however long it stands.
  mutating func claim() {
    standingSince = nil
    standingCount = 0
  }

  /// The path is longer than it was: what packets take now is its own.
  mutating func forgetLeast() {
    earlier = []
    earlierLeast = nil
    claim()
    value = .zero
  }

  /// Forgets everything, as after a change of the path.
  mutating func reset() { self = Self() }
}
