import Wire

/// What a viewer gets for its bitrate.
struct BitrateAllocation: Equatable, Sendable {
  /// What each slot gets, in the order of the demands; nil where it is paused.
  var targets: [LayerTarget?]
  /// bit/s it takes, sound included.
  var bitrate: Int
  /// bit/s that would give every tile all it can show.
  var desired: Int
  /// The time between two pictures of those who get key frames alone.
  var snapshotInterval: Duration
}

/// Divides what a viewer's path carries among what its screen shows.
///
/// Sound comes first, and below 64 kbit/s nothing else. Then nobody is black (key frames alone, one in five seconds); then
/// screen, pinned and speaker move and are at least 360 lines high; then everybody moves; then each bit goes where it
/// brings most. The way down is the way up backwards.
enum BitrateAllocator {
  /// With less than this in bit/s a viewer hears only.
  static let leastForPictures = 64_000

  /// What `budget` bit/s give, of which sound takes `audio` first. A pure function of its arguments.
  static func allocate(
    _ demands: [SlotDemand], audio: Int, budget: Int
  ) -> BitrateAllocation {
    let plan = AllocationPlan(demands)
    return allocation(
      plan, levels: plan.levels(within: forPictures(budget, audio)), audio, budget)
  }

  /// bit/s left for pictures.
  static func forPictures(_ budget: Int, _ audio: Int) -> Int {
    budget < leastForPictures ? -1 : budget - min(max(audio, 0), budget)
  }

  /// `levels` of `plan` in words.
  static func allocation(
    _ plan: AllocationPlan, levels: [Int], _ audio: Int, _ budget: Int
  ) -> BitrateAllocation {
    let audio = min(max(audio, 0), 1 << 40)
    var targets = [LayerTarget?](repeating: nil, count: levels.count)
    var snapshots = 0
    for (rank, count) in levels.enumerated() where count > 0 {
      let rung = plan.ladders[rank].rungs[count - 1]
      targets[plan.demandByRank[rank]] = rung.target
      if rung.target.keyFramesOnly { snapshots += rung.bitrate }
    }
    let bitrate = audio + plan.bitrate(of: levels)
    let desired = audio + plan.bitrate(of: plan.ladders.map(\.rungs.count))
    return BitrateAllocation(
      targets: targets, bitrate: bitrate, desired: desired,
      snapshotInterval: interval(ofSnapshots: snapshots, spare: max(budget, bitrate) - bitrate))
  }

  /// What is left over makes snapshots come faster.
  private static func interval(ofSnapshots bitrate: Int, spare: Int) -> Duration {
    let slowest = LayerLadder.slowestSnapshot
    guard bitrate > 0 else { return slowest }
    let share = min(Int64(clamping: spare), Int64(clamping: bitrate) * 4)
    let faster = slowest * Int64(clamping: bitrate) / (Int64(clamping: bitrate) + share)
    return max(LayerLadder.fastestSnapshot, faster)
  }
}
