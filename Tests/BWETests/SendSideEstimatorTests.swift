import RTCTesting
import Testing
import Wire

@testable import BWE

@Suite struct SendSideEstimatorTests {
  private func at(_ seconds: Double) -> Instant { .zero + Duration(clampedSeconds: seconds) }

  @Test func `two flows share a link`() {
    var bench = Bench([Bench.link(2_000_000), Bench.link(nil)])
    bench.add(.init())
    bench.add(.init(start: 5))
    bench.run(until: 30)
    let rates = bench.flows.map { $0.measurement.rate(15, 30) }
    #expect(rates.reduce(0, +) >= 1_700_000, "\(rates)")
    #expect((rates.min() ?? 0) >= 500_000, "\(rates)")
  }

  @Test func `after a pause the bitrate is there again within a second`() {
    var bench = Bench([Bench.link(2_000_000), Bench.link(nil)])
    bench.add(.init(pause: 8...16))
    bench.run(until: 20)
    let measured = bench.flows[0].measurement
    #expect(measured.rate(5, 8) >= 1_700_000)
    #expect(measured.rate(17, 18) >= 1_600_000, "\(measured.rate(17, 18))")
    #expect(measured.delay(16.5, 20, share: 0.95) <= 200)
  }

  @Test func `an outage lowers the bitrate, and it is regained`() {
    var bench = Bench([Bench.link(2_000_000), Bench.link(nil)])
    bench.add(.init())
    var down = Bench.link(2_000_000)
    down.isDown = true
    bench.change(0, at: 6, to: down)
    bench.change(0, at: 11, to: Bench.link(2_000_000))
    bench.run(until: 20)
    let measured = bench.flows[0].measurement
    #expect(measured.target[109] <= 400_000, "\(measured.target[109])")
    let time = measured.time(from: 11, toReach: 1_700_000, until: 20) ?? .infinity
    #expect(time <= 5, "\(time)")
  }

  @Test(arguments: [10, 40] as [Int64])
  func `a queue too short to be seen is not overrun for long`(_ queue: Int64) {
    var bench = Bench([Bench.link(2_000_000, queue: queue), Bench.link(nil)])
    bench.add(.init())
    bench.run(until: 20)
    let measured = bench.flows[0].measurement
    #expect(measured.rate(5, 20) >= 1_500_000, "\(measured.rate(5, 20))")
    let loss = Double(measured.lostCount) / Double(measured.sentCount)
    #expect(loss < 0.08, "\(loss)")
  }

  @Test func `more is probed for while less is sent than may be`() {
    var bench = Bench([Bench.link(5_000_000), Bench.link(nil)])
    bench.add(.init(encoderLimit: 200_000))
    bench.run(until: 12)
    #expect(bench.flows[0].estimator.isApplicationLimited)
    #expect(bench.flows[0].estimator.targetBitrate >= 2_000_000)
  }

  @Test func `nothing is probed for that nobody wants`() {
    var bench = Bench([Bench.link(5_000_000), Bench.link(nil)])
    bench.add(.init(encoderLimit: 200_000, desired: 400_000))
    bench.run(until: 12)
    #expect(bench.flows[0].measurement.rate(2, 12) <= 300_000)
    #expect(bench.flows[0].estimator.targetBitrate >= 350_000)
  }

  @Test func `a wish is probed for at once`() {
    var bench = Bench([Bench.link(5_000_000), Bench.link(nil)])
    bench.add(.init(encoderLimit: 200_000, desired: 400_000))
    bench.run(until: 6)
    var events: [SendSideEstimator.Event] = []
    bench.flows[0].estimator.setDesiredBitrate(2_500_000, at: bench.now, events: &events)
    #expect(!events.isEmpty)
    bench.flows[0].handle(events)
    bench.run(until: 7.5)
    #expect(bench.flows[0].estimator.targetBitrate >= 1_500_000)
  }

  @Test func `without feedback the receiver's estimate holds, and losses lower it`() {
    var estimator = SendSideEstimator()
    var events: [SendSideEstimator.Event] = []
    estimator.receive(estimate: 1_200_000, at: at(1), events: &events)
    #expect(estimator.targetBitrate == 1_200_000)
    #expect(events == [.targetChanged(1_200_000)])
    for second in 2...5 {
      estimator.receive(fractionLost: 128, at: at(Double(second)), events: &events)
    }
    #expect(estimator.targetBitrate < 700_000)
    for second in 6...60 {
      estimator.receive(fractionLost: 0, at: at(Double(second)), events: &events)
      estimator.receive(estimate: 1_200_000, at: at(Double(second)), events: &events)
    }
    #expect(estimator.targetBitrate == 1_200_000)
  }

  @Test func `the first probes are asked for once`() {
    var estimator = SendSideEstimator()
    var events: [SendSideEstimator.Event] = []
    estimator.start(at: at(0), events: &events)
    #expect(events.count == 2)
    guard case .probe(let first) = events.first, case .probe(let second) = events.last else {
      Issue.record("no probes")
      return
    }
    #expect(first.bitrate == 900_000)
    #expect(second.bitrate == 1_800_000)
    estimator.start(at: at(1), events: &events)
    #expect(events.count == 2)
  }
}
