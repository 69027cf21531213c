import Wire

/// Keeps what a viewer gets from going up and down with every turn of the estimate: down at once, up only once it
/// has fitted for a while with something to spare.
///
/// An estimate that falls while nothing queues may be a trial: the sender looks whether less is lost when less is sent. It needs
/// something to be sent, and is over soon. Meanwhile pictures lose frames, but neither size nor life.
struct SteadyAllocation: Sendable {
  /// How long a better picture must have fitted.
  static let patience = Duration.seconds(2)
  /// How long a trial may take.
  static let doubt = Duration.seconds(3)

  /// How long pictures that move go on moving where there is too little for them, but half of it: a queue drains within a second,
  /// and whoever has seen snapshots meanwhile waits for a key frame afterwards.
  static let grace = Duration.milliseconds(1500)

  /// What there is to divide.
  struct Budget: Sendable {
    /// bit/s, sound included.
    var total: Int
    /// bit/s of sound.
    var sound: Int
    /// Whether packets wait on the way: then there is no doubt that it is too much.
    var isQueued = false

    fileprivate var forPictures: Int { BitrateAllocator.forPictures(total, sound) }
  }

  /// Since when something better has fitted.
  private(set) var risingSince: Instant?
  /// When the budget fell below what was allotted, and what that was.
  private var shortage: (since: Instant, granted: [LayerTarget?])?
  /// Since when there has been too little for all that moves.
  private var scarceSince: Instant?

  /// What each demand gets now. `isFresh` says that other pictures are shown, or in other places: then nothing is kept.
  mutating func allocate(
    _ demands: [SlotDemand], _ budget: Budget, isFresh: Bool, at now: Instant
  ) -> BitrateAllocation {
    let plan = AllocationPlan(demands)
    if isFresh {
      risingSince = nil
      shortage = nil
      scarceSince = nil
    }
    let levels =
      isFresh ? plan.levels(within: budget.forPictures) : steady(plan, demands, budget, now)
    return BitrateAllocator.allocation(plan, levels: levels, budget.sound, budget.total)
  }

  private mutating func steady(
    _ plan: AllocationPlan, _ demands: [SlotDemand], _ budget: Budget, _ now: Instant
  ) -> [Int] {
    let granted = demands.map(\.granted)
    if let shortage, now - shortage.since < Self.doubt * 2 {
      let before = plan.levels(of: shortage.granted)
      if plan.bitrate(of: before) <= budget.forPictures {
        self.shortage = nil
        return before
      }
    }
    let held = plan.levels(of: granted)
    guard plan.bitrate(of: held) <= budget.forPictures else {
      risingSince = nil
      return lowered(held, plan, granted, budget, now)
    }
    scarceSince = nil
    return raised(held, plan, budget, now)
  }

  private mutating func lowered(
    _ held: [Int], _ plan: AllocationPlan, _ granted: [LayerTarget?], _ budget: Budget,
    _ now: Instant
  ) -> [Int] {
    let full = plan.levels(within: budget.forPictures)
    if isDoubtful(plan.bitrate(of: held), budget) {
      let since = shortage?.since ?? now
      if shortage == nil { shortage = (now, granted) }
      if now - since < Self.doubt {
        return held.indices.map { rank in
          max(min(held[rank], full[rank]), plan.ladders[rank].leastOfSize(held[rank]))
        }
      }
    }
    shortage = nil
    return moving(zip(held, full).map { min($0, $1) }, held, plan, budget, now)
  }

  /// Keeps moving what moved, for a while.
  private mutating func moving(
    _ levels: [Int], _ held: [Int], _ plan: AllocationPlan, _ budget: Budget, _ now: Instant
  ) -> [Int] {
    let least = levels.indices.map { rank in
      max(levels[rank], min(held[rank], plan.ladders[rank].leastThatMoves))
    }
    guard least != levels else {
      scarceSince = nil
      return levels
    }
    let since = scarceSince ?? now
    scarceSince = since
    let isHalfThere = plan.bitrate(of: least) / 2 <= budget.forPictures
    return isHalfThere && now - since < Self.grace ? least : levels
  }

  /// Whether it may be a trial: those take a seventh and more and not nearly everything.
  private func isDoubtful(_ held: Int, _ budget: Budget) -> Bool {
    guard !budget.isQueued, held / 8 * 7 > budget.forPictures || shortage != nil else {
      return false
    }
    return held / 5 * 2 <= budget.forPictures
  }

  private mutating func raised(
    _ held: [Int], _ plan: AllocationPlan, _ budget: Budget, _ now: Instant
  ) -> [Int] {
    let safe = plan.levels(
      within: BitrateAllocator.forPictures(budget.total / 8 * 7, budget.sound))
    guard plan.prefers(safe, to: held) else {
      risingSince = nil
      return held
    }
    let since = risingSince ?? now
    risingSince = since
    let isPlenty = budget.total / 3 * 2 >= plan.bitrate(of: safe) + max(budget.sound, 0)
    guard isPlenty || now - since >= Self.patience else { return held }
    risingSince = nil
    return safe
  }
}
