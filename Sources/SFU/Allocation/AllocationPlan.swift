/// The order in which the pictures of one viewer become better, whatever there is to spend.
///
/// It is gone through once, and ends for a slot where its next step does not fit: from then on only slots that rank lower go
/// on. So with more to spend a slot is worse only where one that ranks higher is better.
struct AllocationPlan: Sendable {
  /// One slot becomes one rung better.
  private struct Step {
    var phase: Phase
    /// What a bit brings, in the last phase.
    var worth: Double
    var rank: Int
    var rung: Int
  }

  private enum Phase: UInt8 {
    /// Nobody is black.
    case snapshots
    /// Screen, pinned and speaker move.
    case favouredMove
    /// They are recognised.
    case favouredUsable
    /// Everybody moves.
    case othersMove
    /// Whoever gains most by a bit.
    case rise
  }

  /// In order of rank.
  private(set) var ladders: [LayerLadder]
  /// The demand of each rank.
  let demandByRank: [Int]
  private var steps: [Step] = []
  /// Comparisons and steps made so far, for those who wonder what it costs.
  private(set) var workCount = 0

  init(_ demands: [SlotDemand]) {
    let order = demands.indices.sorted {
      (demands[$0].priority, $0) < (demands[$1].priority, $1)
    }
    demandByRank = order
    ladders = order.map { LayerLadder(demands[$0]) }
    for (rank, index) in order.enumerated() {
      appendSteps(of: ladders[rank], demands[index].priority, rank)
    }
    var comparisons = 0
    steps.sort { left, right in
      comparisons += 1
      return (left.phase.rawValue, -left.worth, left.rank, left.rung)
        < (right.phase.rawValue, -right.worth, right.rank, right.rung)
    }
    workCount = comparisons + steps.count
  }

  private mutating func appendSteps(
    of ladder: LayerLadder, _ priority: PictureClass, _ rank: Int
  ) {
    var rising = WorthOfSteps()
    let start = steps.count
    for (place, rung) in ladder.rungs.enumerated() {
      var step = Step(phase: .rise, worth: 0, rank: rank, rung: place)
      if place == 0 {
        step.phase = .snapshots
      } else if place == 1, ladder.startsWithSnapshot {
        step.phase = priority.isFavoured ? .favouredMove : .othersMove
      } else if priority.isFavoured, place < ladder.usableCount {
        step.phase = .favouredUsable
      } else {
        let before = ladder.rungs[place - 1]
        rising.append(
          gain: priority.weight * (rung.value - before.value),
          cost: max(rung.commonCost - before.commonCost, 1))
      }
      steps.append(step)
    }
    var place = start + ladder.rungs.count - rising.count
    for run in rising.runs {
      for _ in 0..<run.count {
        steps[place].worth = run.gain / run.cost
        place += 1
      }
    }
  }

  /// How many rungs each rank gets for `budget` bit/s.
  func levels(within budget: Int) -> [Int] {
    var levels = ladders.map(\.rungs.count)
    guard bitrate(of: levels) > budget else { return levels }
    for rank in levels.indices { levels[rank] = 0 }
    var spent = 0
    var lastStopped = -1
    for step in steps where step.rank > lastStopped {
      let ladder = ladders[step.rank]
      let cost = ladder.bitrate(step.rung + 1) - ladder.bitrate(step.rung)
      if spent + cost <= budget {
        spent += cost
        levels[step.rank] = step.rung + 1
      } else {
        lastStopped = step.rank
      }
    }
    return levels
  }

  /// How many rungs each rank gets with `granted`, which is in the order of the demands.
  func levels(of granted: [LayerTarget?]) -> [Int] {
    ladders.indices.map { rank in
      let index = demandByRank[rank]
      return ladders[rank].count(upTo: granted.indices.contains(index) ? granted[index] : nil)
    }
  }

  /// bit/s of all ranks together.
  func bitrate(of levels: [Int]) -> Int {
    var sum = 0
    for (ladder, count) in zip(ladders, levels) { sum += ladder.bitrate(count) }
    return sum
  }

  /// Whether the first step that only one of them takes is taken by `candidate`.
  func prefers(_ candidate: [Int], to other: [Int]) -> Bool {
    guard candidate != other else { return false }
    for step in steps {
      let isTaken = candidate[step.rank] > step.rung
      if isTaken != (other[step.rank] > step.rung) { return isTaken }
    }
    return false
  }
}

/// What each bit of a slot's steps brings. A step that brings little and opens the way to one that brings much counts
/// together with that: so no step brings more than the one before it, and all can be put in one order.
private struct WorthOfSteps {
  struct Run {
    var gain: Double
    var cost: Double
    var count: Int
  }

  private(set) var runs: [Run] = []
  private(set) var count = 0

  mutating func append(gain: Double, cost: Double) {
    var run = Run(gain: gain, cost: cost, count: 1)
    while let last = runs.last, last.gain * run.cost < run.gain * last.cost {
      runs.removeLast()
      run = Run(
        gain: last.gain + run.gain, cost: last.cost + run.cost, count: last.count + run.count)
    }
    runs.append(run)
    count += 1
  }
}
