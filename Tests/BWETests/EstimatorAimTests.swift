import RTCTesting
import Testing
import Wire

@testable import BWE

/// The aims for one flow over one bottleneck with 50 milliseconds each way.
@Suite struct EstimatorAimTests {
  private func run(
    _ megabits: Double, loss: Double = 0, queue: Int64 = 300, until end: Double,
    changes: [(Double, Double)] = []
  ) -> Measurement {
    func link(_ megabits: Double) -> LinkConditions {
      Bench.link(
        Int64(megabits * 1_000_000), queue: queue, loss: loss > 0 ? .bernoulli(loss) : .none)
    }
    var bench = Bench([link(megabits), Bench.link(nil)])
    bench.add(.init())
    for (time, megabits) in changes { bench.change(0, at: time, to: link(megabits)) }
    bench.run(until: end)
    return bench.flows[0].measurement
  }

  @Test func `a link of 3 Mbit per second is used to 90 percent, from the third second on`() {
    let measured = run(3, until: 25)
    let time = measured.time(from: 0, toReach: 2_700_000, until: 25) ?? .infinity
    #expect(time <= 3)
    #expect(measured.rate(5, 25) >= 2_700_000, "\(measured.rate(5, 25))")
    #expect(measured.delay(5, 25, share: 0.95) <= 150)
    print("3 Mbit/s", measured, 3, from: 5, time: time)
  }

  @Test func `5 percent random loss leaves 80 percent of a link, and 20 percent a half`() {
    let light = run(3, loss: 0.05, until: 25)
    #expect(light.rate(5, 25) >= 2_400_000, "\(light.rate(5, 25))")
    print("3 Mbit/s, 5 % random loss", light, 3, from: 5)
    let heavy = run(3, loss: 0.2, until: 25)
    #expect(heavy.rate(5, 25) >= 1_500_000, "\(heavy.rate(5, 25))")
    print("3 Mbit/s, 20 % random loss", heavy, 3, from: 5)
  }

  @Test func `a fivefold step up is reached within 5 seconds`() {
    let measured = run(0.6, until: 25, changes: [(12, 3)])
    let time = measured.time(from: 12, toReach: 2_700_000, until: 25) ?? .infinity
    #expect(time <= 5, "\(time)")
    print("from 0.6 to 3 Mbit/s, after the step", measured, 3, from: 12, time: time)
  }

  @Test func `a step down leaves no standing queue`() {
    let measured = run(3, queue: 1000, until: 25, changes: [(12, 1)])
    #expect(measured.standing(over: 0.3, 12, 25) <= 1.5, "\(measured.standing(over: 0.3, 12, 25))")
    #expect(measured.delay(15, 25, share: 0.95) <= 300)
    #expect(measured.rate(15, 25) >= 850_000, "\(measured.rate(15, 25))")
    print("from 3 to 1 Mbit/s with a queue of 1 s, after the step", measured, 1, from: 12)
  }

  private func print(
    _ name: String, _ measured: Measurement, _ megabits: Double, from start: Double,
    time: Double? = nil
  ) {
    Table.row([
      name, Table.percent(measured.rate(start, 25) / megabits / 1e6),
      Table.milliseconds(measured.delay(start, 25, share: 0.5)),
      Table.milliseconds(measured.delay(start, 25, share: 0.95)),
      Table.seconds(measured.standing(over: 0.3, start, 25)), time.map(Table.seconds) ?? "",
    ])
  }
}
