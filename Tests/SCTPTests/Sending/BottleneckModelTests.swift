import Testing
import Wire

@testable import SCTP

/// Congestion control by a model of the path, at a bottleneck.
struct BottleneckModelTests {
  @Test func `the bottleneck is full and its queue short`() throws {
    var run = BottleneckRun(
      [.delayAware], bitsPerSecond: 5e6, roundTrip: .milliseconds(40), queue: 4)
    _ = try run.run(for: .seconds(3))
    let shares = try run.run(for: .seconds(7))
    #expect(shares[0] > 0.88)
    #expect(run.meanWait < .milliseconds(10))
    #expect(run.dropCount == 0)
  }

  @Test func `one lost packet of a hundred costs little`() throws {
    for kind in [SCTPOptions.CongestionControl.delayAware, .cubic] {
      var run = BottleneckRun([kind], bitsPerSecond: 5e6, roundTrip: .milliseconds(100), queue: 1)
      run.loss = 0.01
      _ = try run.run(for: .seconds(4))
      let shares = try run.run(for: .seconds(10))
      // That is what it is for: who takes each loss for congestion gets a quarter.
      #expect(kind == .delayAware ? shares[0] > 0.75 : shares[0] < 0.5)
    }
  }

  @Test(arguments: [0.25, 1, 4])
  func `two of a kind share a bottleneck`(queue: Double) throws {
    var run = BottleneckRun(
      [.delayAware, .delayAware], bitsPerSecond: 3e6, roundTrip: .milliseconds(40), queue: queue,
      apart: .seconds(2))
    _ = try run.run(for: .seconds(8))
    let shares = try run.run(for: .seconds(16))
    #expect(shares[0] + shares[1] > 0.8)
    #expect(min(shares[0], shares[1]) > 0.22)
    #expect(run.meanWait < .milliseconds(40))
  }

  @Test func `a queue that is too short is not overrun for long`() throws {
    var run = BottleneckRun(
      [.delayAware], bitsPerSecond: 5e6, roundTrip: .milliseconds(40), queue: 0.1)
    _ = try run.run(for: .seconds(3))
    let before = run.dropCount
    let shares = try run.run(for: .seconds(7))
    #expect(shares[0] > 0.7)
    #expect(run.dropCount - before < 300)
  }

  @Test func `a rate that falls is followed, and one that rises is found`() {
    var filter = BandwidthFilter()
    filter.measure(100)
    filter.beginCycle()
    filter.measure(50)
    #expect(filter.greatest == 100)
    filter.beginCycle()
    #expect(filter.greatest == 50)
    filter.measure(70)
    #expect(filter.greatest == 70)
  }
}
