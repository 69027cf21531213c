import RTCTesting
import Testing
import Wire

@testable import BWE

/// A path that takes longer from one moment to the next, as after a handover or another route.
@Suite struct LongerPathTests {
  /// What one flow makes of a link of 3 Mbit/s whose delay goes from 50 to 150 ms at the tenth second.
  private func run(
    _ shape: MediaFlow.Shape = .init(), loss: Double = 0, jitter: Int64 = 0,
    after megabits: Double = 3, seed: UInt64 = 1
  ) -> Measurement {
    func link(_ megabits: Double, _ delay: Int64) -> LinkConditions {
      Bench.link(
        Int64(megabits * 1_000_000), delay: delay, loss: loss > 0 ? .bernoulli(loss) : .none,
        jitter: jitter)
    }
    var bench = Bench([link(3, 50), Bench.link(nil)], seed: seed)
    bench.add(shape)
    bench.change(0, at: 10, to: link(megabits, 150))
    bench.run(until: 30)
    return bench.flows[0].measurement
  }

  /// The least mean of the target over a second, from `start` on.
  private func least(_ measured: Measurement, from start: Int) -> Double {
    let targets = measured.target
    let means = stride(from: start * 10, to: targets.count - 10, by: 10).map { first in
      Double(targets[first..<first + 10].reduce(0, +)) / 10
    }
    return means.min() ?? 0
  }

  @Test(arguments: [0, 0.02, 0.05])
  func `a path that takes longer keeps its bitrate, three seconds after it changed`(_ loss: Double)
  {
    for seed in 1...3 as ClosedRange<UInt64> {
      let measured = run(loss: loss, seed: seed)
      let least = least(measured, from: 13)
      #expect(least >= 2_400_000, "\(least), seed \(seed)")
      #expect(measured.rate(13, 30) >= 2_400_000 * (1 - loss), "\(measured.rate(13, 30))")
    }
  }

  @Test(arguments: [0, 0.05])
  func `so does one with jitter`(_ loss: Double) {
    let measured = run(loss: loss, jitter: 20)
    #expect(measured.rate(13, 30) >= 2_250_000, "\(measured.rate(13, 30))")
  }

  @Test(arguments: [0, 0.05])
  func `who sends less than the path carries may go on with it`(_ loss: Double) {
    var shape = MediaFlow.Shape()
    shape.encoderLimit = 1_000_000
    shape.desired = 1_250_000
    let measured = run(shape, loss: loss)
    #expect(least(measured, from: 13) >= 1_000_000, "\(least(measured, from: 13))")
  }

  @Test func `a path that takes longer and carries less does not keep a queue`() {
    let measured = run(after: 1.5)
    #expect(measured.standing(over: 0.1, 12, 30) <= 1, "\(measured.standing(over: 0.1, 12, 30))")
    #expect(measured.delay(14, 30, share: 0.95) <= 150, "\(measured.delay(14, 30, share: 0.95))")
    #expect(measured.rate(14, 30) >= 1_200_000, "\(measured.rate(14, 30))")
  }

  /// Five seconds of a sender who heeds the trial's limit, where packets wait for 100 ms from the first second on.
  private func verdicts(isQueue: Bool) -> [DelayTrial.Verdict] {
    let capacity = 2_000_000.0
    var trial = DelayTrial()
    var verdicts: [DelayTrial.Verdict] = []
    var time = Instant.zero
    var wait = 0.0
    var lastArrival = Instant.zero
    while time < .zero + .seconds(5) {
      let rate = min(capacity, trial.limit ?? .infinity)
      let gap = 9600 / rate
      let isStanding = time >= .zero + .seconds(1)
      if isStanding, wait == 0 { wait = 0.1 }
      let arrival = max(time + .milliseconds(40) + Duration(clampedSeconds: wait), lastArrival)
      lastArrival = arrival
      let told = arrival + .milliseconds(40)
      trial.add(1200, sentAt: time, arrivedAt: arrival, at: told)
      if let verdict = trial.update(
        base: .milliseconds(40), isApplicationLimited: false, at: told)
      {
        verdicts.append(verdict)
      }
      time = time + Duration(clampedSeconds: gap)
      if isQueue, isStanding { wait = max(0.001, wait - gap * (1 - rate / capacity)) }
    }
    return verdicts
  }

  @Test func `a queue becomes shorter when less is sent, and a longer path stays as long as it is`()
  {
    #expect(verdicts(isQueue: true) == [.isQueue])
    #expect(verdicts(isQueue: false).first == .isPath)
  }
}
