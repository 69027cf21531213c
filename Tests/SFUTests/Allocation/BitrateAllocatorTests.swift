import Testing
import Wire

@testable import SFU

struct BitrateAllocatorTests {
  private func targets(
    _ demands: [SlotDemand], _ budget: Int, audio: Int = 40_000
  ) -> [LayerTarget?] {
    BitrateAllocator.allocate(demands, audio: audio, budget: budget).targets
  }

  @Test func `with enough everybody gets what the tile can show, and no more`() {
    let given = targets(SlotDemand.meeting(others: 8, hasScreen: true), 50_000_000)
    #expect(given[0] == LayerTarget(spatial: 0, temporal: 2))
    #expect(given[1] == LayerTarget(spatial: 2, temporal: 2))
    #expect(given[2...].allSatisfy { $0 == LayerTarget(spatial: 1, temporal: 2) })
  }

  @Test func `below 64 kbit per second there is sound alone`() {
    for budget in [0, 1, 40_000, 63_999] {
      #expect(targets(SlotDemand.meeting(others: 3), budget).allSatisfy { $0 == nil })
    }
    #expect(targets(SlotDemand.meeting(others: 3), 64_000)[0]?.keyFramesOnly == true)
  }

  @Test func `sound is taken off before anything is seen`() {
    let demands = SlotDemand.meeting(others: 5)
    #expect(targets(demands, 300_000, audio: 300_000).allSatisfy { $0 == nil })
    #expect(targets(demands, 300_000, audio: .max).allSatisfy { $0 == nil })
    #expect(targets(demands, 300_000, audio: .min)[0] != nil)
  }

  @Test func `nobody is black while key frames alone would fit`() {
    let demands = SlotDemand.meeting(others: 8, hasScreen: true)
    let snapshots = 9 * 12_000 + 120_000
    let given = targets(demands, 40_000 + snapshots)
    #expect(given.allSatisfy { $0?.keyFramesOnly == true })
    // One less than all of them: the last goes black, and nobody else is better off.
    let less = targets(demands, 40_000 + snapshots - 1)
    #expect(less.last == .some(nil))
    #expect(less.dropLast().allSatisfy { $0?.keyFramesOnly == true })
  }

  @Test func `the speaker is recognised before the last of the others moves`() {
    let demands = SlotDemand.meeting(others: 8)
    var budget = 64_000
    while targets(demands, budget).last.flatMap(\.self)?.keyFramesOnly != false {
      budget += 10_000
      if budget > 10_000_000 { break }
    }
    let given = targets(demands, budget)
    #expect(given[0].map { $0.spatial >= 1 } == true)
    #expect(given.allSatisfy { $0?.keyFramesOnly == false })
    // And everybody moves before one of the others is seen better than that.
    #expect(given[1...].allSatisfy { $0 == LayerTarget(spatial: 0, temporal: 0) })
  }

  @Test
  func
    `a speaker goes down by frame rate first, then by size, then to key frames, then not at all`()
  {
    let demands = [SlotDemand(priority: .speaker, height: 720, options: LayerOption.camera)]
    var path: [LayerTarget?] = []
    for budget in stride(from: 2_500_000, through: 0, by: -1000) {
      let given = targets(demands, budget)[0]
      if path.last != given { path.append(given) }
    }
    let still = LayerTarget(spatial: 0, temporal: 0, keyFramesOnly: true)
    let moving = [2, 1, 0].flatMap { spatial in
      [2, 1, 0].map { LayerTarget(spatial: spatial, temporal: $0) }
    }
    #expect(path == moving + [still, nil])
  }

  @Test
  func
    `a large picture of the speaker comes before larger ones of others, an even larger after them`()
  {
    var demands = SlotDemand.meeting(others: 3)
    demands[0].height = 1080
    demands[0].options = .init(
      LayerOption.simulcast([
        (180, 150_000), (360, 500_000), (720, 1_700_000), (1080, 3_000_000),
      ]))
    let speakerFirst = targets(demands, 1_690_000)
    #expect(speakerFirst[0]?.spatial == 2)
    #expect(speakerFirst[1...].allSatisfy { $0?.spatial == 0 })
    let thenOthers = targets(demands, 2_300_000)
    #expect(thenOthers[0]?.spatial == 2)
    #expect(thenOthers[1...].allSatisfy { $0?.spatial == 1 })
    #expect(targets(demands, 3_300_000)[0]?.spatial == 3)
  }

  @Test func `snapshots come faster where bits are left`() {
    let demands = SlotDemand.meeting(others: 3)
    let tight = BitrateAllocator.allocate(demands, audio: 40_000, budget: 90_000)
    let roomy = BitrateAllocator.allocate(demands, audio: 40_000, budget: 140_000)
    #expect(tight.snapshotInterval > .seconds(4))
    #expect(roomy.snapshotInterval < .milliseconds(2500))
    #expect(roomy.targets.allSatisfy { $0?.keyFramesOnly == true })
  }

  @Test(arguments: 0..<100 as Range<UInt64>)
  func `no budget is exceeded, and the same is given for the same`(seed: UInt64) {
    var random = RandomSource.seeded(seed)
    let demands = (0..<Int.random(in: 0...16, using: &random)).map { _ in
      SlotDemand.random(using: &random)
    }
    let audio = Int.random(in: 0...200_000, using: &random)
    for _ in 0..<20 {
      let budget = Int.random(in: 0...8_000_000, using: &random)
      let given = BitrateAllocator.allocate(demands, audio: audio, budget: budget)
      #expect(given == BitrateAllocator.allocate(demands, audio: audio, budget: budget))
      #expect(given.bitrate <= max(budget, audio))
      #expect(given.bitrate <= given.desired)
      #expect(given.targets.count == demands.count)
      for (target, demand) in zip(given.targets, demands) {
        guard let target else { continue }
        #expect(
          demand.options.contains {
            ($0.target.spatial, $0.target.temporal) == (target.spatial, target.temporal)
          })
      }
    }
  }

  @Test(arguments: 0..<100 as Range<UInt64>)
  func `with more to spend a picture is worse only where one that ranks higher is better`(
    seed: UInt64
  ) {
    var random = RandomSource.seeded(seed)
    let demands = (0..<10).map { _ in SlotDemand.random(using: &random) }
    let plan = AllocationPlan(demands)
    var before = plan.levels(within: 0)
    for budget in stride(from: 0, through: 9_000_000, by: 37_777) {
      let after = plan.levels(within: budget)
      if let changed = zip(before, after).first(where: { $0 != $1 }) {
        #expect(changed.1 > changed.0)
        #expect(plan.prefers(after, to: before) && !plan.prefers(before, to: after))
      }
      before = after
    }
  }

  @Test func `what an allocation costs grows no faster than slots times their logarithm`() {
    func work(_ count: Int) -> Int {
      AllocationPlan(SlotDemand.meeting(others: count - 1)).workCount
    }
    for (count, doublings) in [(16, 4), (64, 6), (256, 8), (1024, 10)] {
      // Ten steps a slot: 2^3 more of them to sort.
      #expect(work(count) < 10 * count * (doublings + 4) * 2)
    }
    #expect(work(2048) < work(1024) * 5 / 2)
  }
}
