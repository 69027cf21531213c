import Wire

/// Everything one slot may get, from least to most: key frames alone, then layer after layer up to what its tile
/// can show. Each rung costs more than the one before it and looks better.
struct LayerLadder: Sendable {
  /// One thing to get.
  struct Rung: Sendable {
    var target: LayerTarget
    /// bit/s.
    var bitrate: Int
    /// Picture height in pixels.
    var height: Int
    /// What it is worth: pixels of height, less where it does not move well.
    var value: Double
    /// What layers of this size and frame rate cost commonly. The order in which pictures become better hangs on this,
    /// not on what was measured, or it would change from second to second.
    var commonCost: Double
  }

  /// The longest time between two pictures of somebody who is seen in snapshots.
  static let slowestSnapshot = Duration.seconds(5)
  /// The shortest.
  static let fastestSnapshot = Duration.seconds(2)
  /// Nobody is recognised in less.
  private static let usableHeight = 360
  /// Beyond this nothing is measured; sums of it cannot overflow.
  private static let bitrateLimit = 1 << 40

  private(set) var rungs: [Rung] = []
  /// Whether the first rung is key frames alone.
  private(set) var startsWithSnapshot = false
  /// How many rungs make somebody recognisable.
  private(set) var usableCount = 0

  init(_ demand: SlotDemand) {
    guard let tallest = Self.tallest(demand), let least = demand.options.first else { return }
    let snapshot = demand.keyFrameBits.clamped(to: Self.bitrateLimit) / 5
    if snapshot < least.bitrate {
      startsWithSnapshot = true
      var target = least.target
      target.keyFramesOnly = true
      rungs.append(
        Rung(target: target, bitrate: snapshot, height: 0, value: 0, commonCost: 0))
    }
    for option in demand.options where option.height <= tallest {
      append(option, moves: demand.priority == .screen ? 2 : 10)
    }
    let usable = min(Self.usableHeight, tallest)
    let first = rungs.firstIndex { $0.height >= usable }
    usableCount = (first ?? rungs.count - 1) + 1
  }

  /// The height of the smallest layer that fills the tile: one that is a little smaller will do.
  private static func tallest(_ demand: SlotDemand) -> Int? {
    let wanted = min(max(demand.height, 1), Slot.heightLimit) * 4
    var enough: Int?
    var largest: Int?
    for option in demand.options {
      largest = max(largest ?? option.height, option.height)
      if option.height >= 0, option.height <= Slot.heightLimit, option.height * 5 >= wanted {
        enough = min(enough ?? option.height, option.height)
      }
    }
    return enough ?? largest
  }

  /// What costs more and looks no better is not taken up. `moves` is the frame rate at which half of what a picture is
  /// worth is there.
  private mutating func append(_ option: LayerOption, moves: Double) {
    let height = Double(max(option.height, 1))
    let rate = max(option.frameRate, 1)
    let rung = Rung(
      target: option.target, bitrate: option.bitrate.clamped(to: Self.bitrateLimit),
      height: option.height, value: height * rate / (rate + moves),
      commonCost: height * height * (rate + 10))
    if let last = rungs.last, rung.value <= last.value || rung.bitrate < last.bitrate { return }
    rungs.append(rung)
  }

  /// How many rungs lead to what was allotted before, or to the best that is left below it.
  func count(upTo granted: LayerTarget?) -> Int {
    guard let granted else { return 0 }
    if granted.keyFramesOnly { return startsWithSnapshot ? 1 : 0 }
    let place = rungs.lastIndex { rung in
      rung.target.keyFramesOnly
        || (rung.target.spatial, rung.target.temporal) <= (granted.spatial, granted.temporal)
    }
    return place.map { $0 + 1 } ?? min(1, rungs.count)
  }

  /// How many rungs lead to the least that is more than snapshots.
  var leastThatMoves: Int { min(startsWithSnapshot ? 2 : 1, rungs.count) }

  /// How many rungs lead to the fewest frames of the size that `count` rungs give.
  func leastOfSize(_ count: Int) -> Int {
    guard count > 0, rungs.indices.contains(count - 1) else { return 0 }
    let target = rungs[count - 1].target
    guard !target.keyFramesOnly else { return count }
    let first = rungs.firstIndex {
      !$0.target.keyFramesOnly && $0.target.spatial == target.spatial
    }
    return first.map { $0 + 1 } ?? count
  }

  /// bit/s of the first `count` rungs, of which the last one counts.
  func bitrate(_ count: Int) -> Int { count > 0 ? rungs[count - 1].bitrate : 0 }
}

extension Int {
  /// Between 0 and `limit`.
  fileprivate func clamped(to limit: Int) -> Int { Swift.min(Swift.max(self, 0), limit) }
}
