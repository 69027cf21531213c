import Testing
import Wire

@testable import SFU

struct SteadyAllocationTests {
  /// A viewer over time.
  private struct Viewer {
    var steady = SteadyAllocation()
    var demands = SlotDemand.meeting(others: 2)
    var changes = 0
    var now = Instant.zero
    var allocation: BitrateAllocation?

    mutating func see(_ budget: Int, isFresh: Bool = false, for duration: Duration) {
      let end = now + duration
      while now < end {
        step(budget, isFresh: isFresh && allocation?.targets == nil)
        now = now + .milliseconds(100)
      }
    }

    mutating func step(_ budget: Int, isFresh: Bool = false, isQueued: Bool = false) {
      let given = steady.allocate(
        demands, .init(total: budget, sound: 40_000, isQueued: isQueued), isFresh: isFresh, at: now)
      if given.targets != demands.map(\.granted) { changes += 1 }
      for index in demands.indices { demands[index].granted = given.targets[index] }
      allocation = given
    }
  }

  @Test func `what is shown first is the best that fits, at once`() {
    var viewer = Viewer()
    viewer.step(2_500_000, isFresh: true)
    #expect(viewer.allocation?.targets[0]?.spatial == 2)
  }

  @Test func `down at once, up after two seconds`() {
    var viewer = Viewer()
    viewer.step(3_000_000, isFresh: true)
    let best = viewer.allocation?.targets
    viewer.step(800_000, isQueued: true)
    #expect((viewer.allocation?.bitrate ?? .max) <= 800_000)
    let low = viewer.allocation?.targets
    viewer.see(3_000_000 / 2, for: .milliseconds(1900))
    #expect(viewer.allocation?.targets == low)
    viewer.see(3_000_000 / 2, for: .milliseconds(300))
    #expect(viewer.allocation?.targets != low)
    viewer.see(4_500_000, for: .seconds(3))
    #expect(viewer.allocation?.targets == best)
  }

  @Test func `a bitrate that goes up and down by a tenth moves nothing`() {
    var viewer = Viewer()
    viewer.step(1_500_000, isFresh: true)
    viewer.see(1_350_000, for: .seconds(1))
    let settled = viewer.allocation?.targets
    viewer.changes = 0
    for _ in 0..<60 {
      viewer.see(1_500_000, for: .milliseconds(500))
      viewer.see(1_350_000, for: .milliseconds(500))
    }
    #expect(viewer.allocation?.targets == settled)
    #expect(viewer.changes == 0)
  }

  @Test(arguments: 0..<50 as Range<UInt64>)
  func `layers whose bitrates waver do not flap`(seed: UInt64) {
    var random = RandomSource.seeded(seed)
    var viewer = Viewer()
    let budget = Int.random(in: 100_000...4_000_000, using: &random)
    viewer.step(budget, isFresh: true)
    for _ in 0..<600 {
      for index in viewer.demands.indices {
        viewer.demands[index].options = LayerOption.camera.map { option in
          var option = option
          option.bitrate += option.bitrate * Int.random(in: -5...5, using: &random) / 100
          return option
        }
      }
      viewer.step(budget)
      viewer.now = viewer.now + .milliseconds(100)
    }
    // A minute; the first seconds settle.
    #expect(viewer.changes <= 12)
  }

  @Test func `much more than is needed is used without waiting`() {
    var viewer = Viewer()
    viewer.step(300_000, isFresh: true)
    viewer.step(20_000_000)
    #expect(viewer.allocation?.targets[0] == LayerTarget(spatial: 2, temporal: 2))
  }

  @Test func `while a loss is looked into pictures lose frames only, and have them back at once`() {
    var viewer = Viewer()
    viewer.step(4_500_000, isFresh: true)
    let before = viewer.allocation?.targets ?? []
    viewer.see(1_300_000, for: .milliseconds(1500))
    let meanwhile = viewer.allocation?.targets ?? []
    #expect(meanwhile.map { $0?.spatial } == before.map { $0?.spatial })
    #expect(meanwhile[0]?.temporal == 0)
    viewer.step(4_500_000)
    #expect(viewer.allocation?.targets == before)
    // What stays is no trial.
    viewer.see(1_300_000, for: .milliseconds(3500))
    #expect((viewer.allocation?.bitrate ?? .max) <= 1_300_000)
  }

  @Test func `where packets queue, or hardly anything is left, there is no doubt`() {
    for (budget, isQueued) in [(1_500_000, true), (600_000, false)] {
      var viewer = Viewer()
      viewer.step(4_500_000, isFresh: true)
      viewer.step(budget, isQueued: isQueued)
      #expect((viewer.allocation?.bitrate ?? .max) <= budget)
    }
  }

  @Test func `a dip of a second makes pictures smaller and slower, but none stands still`() {
    var viewer = Viewer()
    viewer.step(1_500_000, isFresh: true)
    for _ in 0..<10 {
      viewer.step(200_000, isQueued: true)
      viewer.now = viewer.now + .milliseconds(100)
      #expect(viewer.allocation?.targets.allSatisfy { $0?.keyFramesOnly == false } == true)
      #expect(viewer.allocation?.targets.allSatisfy { $0?.spatial == 0 } == true)
    }
    // What stays is no dip.
    for _ in 0..<10 {
      viewer.step(200_000, isQueued: true)
      viewer.now = viewer.now + .milliseconds(100)
    }
    #expect((viewer.allocation?.bitrate ?? .max) <= 200_000)
    #expect(viewer.allocation?.targets.contains { $0?.keyFramesOnly == true } == true)
  }

  @Test func `where less than half is left of what moving pictures take, it ends at once`() {
    var viewer = Viewer()
    viewer.step(1_500_000, isFresh: true)
    viewer.step(130_000, isQueued: true)
    #expect((viewer.allocation?.bitrate ?? .max) <= 130_000)
  }
}
