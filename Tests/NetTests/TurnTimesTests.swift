import Testing
import Wire

@testable import Net

@Test func `turns are counted by how long they took`() {
  let times = TurnTimes()
  for time in [Duration.microseconds(-1), .microseconds(100), .microseconds(101), .seconds(1)] {
    times.note(time)
  }
  var counts = times.counts
  #expect(counts.counts == [2, 1, 0, 0, 0, 0, 0, 1])
  #expect(counts.total == .microseconds(1_000_201))
  counts += counts
  #expect(counts.counts == [4, 2, 0, 0, 0, 0, 0, 2])
}

@Test func `a loop that was woken has taken turns`() async throws {
  let loop = try EventLoop(name: "turns")
  defer { loop.stop() }
  let owner = try LoopOwner(loop)
  while loop.turnTimes.counts.counts.reduce(0, &+) < 2 { await owner.nothing() }
  #expect(loop.turnTimes.counts.total > .zero)
}

private actor LoopOwner: EventLoopActor {
  nonisolated let loop: EventLoop

  init(_ loop: EventLoop) throws { self.loop = loop }

  func nothing() {}
}
