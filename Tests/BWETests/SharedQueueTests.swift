import RTCTesting
import Testing
import Wire

@testable import BWE

/// A queue that a file transfer keeps full.
@Suite struct SharedQueueTests {
  /// Flows beside a file transfer that ends at the fiftieth second, over 2 Mbit/s.
  private func run(flows: Int, queue: Int64, until end: Double) -> Bench {
    var bench = Bench([Bench.link(2_000_000, queue: queue), Bench.link(nil)])
    for _ in 0..<flows { bench.add(.init(start: 5)) }
    bench.bulk.append(BulkFlow(path: [0]))
    bench.bulk[0].endAt = .zero + .seconds(50)
    bench.run(until: end)
    return bench
  }

  @Test(arguments: [300, 1000] as [Int64])
  func `beside a file transfer a flow gets a quarter of the link, and the transfer no less`(
    queue: Int64
  ) {
    let bench = run(flows: 1, queue: queue, until: 50)
    let own = bench.flows[0].measurement.rate(10, 50)
    let transfer = bench.bulk[0].measurement.rate(10, 50)
    #expect(own >= 500_000, "\(own)")
    #expect(transfer >= 500_000, "\(transfer)")
  }

  @Test(arguments: [1, 2, 4])
  func `when the transfer ends the queue does too, and the link is used`(flows: Int) {
    let bench = run(flows: flows, queue: 1000, until: 80)
    let measured = bench.flows.map(\.measurement)
    for measured in measured {
      let standing = measured.standing(over: 0.15, 51, 80)
      #expect(standing <= 7, "\(standing)")
    }
    let used = measured.reduce(0.0) { $0 + $1.rate(60, 80) }
    #expect(used >= 1_700_000, "\(used)")
  }

  @Test
  func
    `a queue is shared where the path seems to become longer again, until it is seen to be one's own`()
  {
    var queue = SharedQueue()
    func at(_ seconds: Int64) -> Instant { .zero + .seconds(seconds) }
    func judge(_ verdict: DelayTrial.Verdict, _ seconds: Int64) -> Bool {
      queue.update(wait: .milliseconds(100), at: at(seconds))
      return queue.judge(verdict, isStanding: true, at: at(seconds))
    }
    #expect(judge(.isPath, 2) == true)
    #expect(!queue.isShared)
    #expect(judge(.isPath, 10) == false)
    #expect(queue.isShared)
    let answers = [0, 100, 300].map { time in
      queue.yields(.milliseconds(200), at: at(11) + .milliseconds(time))
    }
    #expect(answers == [true, false, true])
    for (verdict, seconds, isShared) in [
      (.isQueue, 14, true), (.isPath, 18, true), (.isQueue, 22, true), (.isQueue, 26, false),
    ] as [(DelayTrial.Verdict, Int64, Bool)] {
      #expect(judge(verdict, seconds) == false)
      #expect(queue.isShared == isShared)
    }
    #expect(judge(.isPath, 30) == true)
    #expect(judge(.isPath, 40) == false)
    #expect(queue.isShared)
    queue.update(wait: .zero, at: at(41))
    queue.update(wait: .zero, at: at(44))
    #expect(!queue.isShared)
  }
}
