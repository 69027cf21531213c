import RTCTesting
import Testing
import Wire

@testable import BWE

/// The cases of RFC 8867; too long for every run, so only where the table is asked for.
@Suite(.enabled(if: Table.isPrinted)) struct EvaluationTests {
  @Test(arguments: Scenario.all() + Scenario.all(jitter: 30))
  func `the cases of RFC 8867 are used well`(_ scenario: Scenario) {
    let bench = scenario.run()
    let end = scenario.duration
    let flows = bench.flows.filter { $0.shape.path.contains(0) }.map(\.measurement)
    let media = flows.map { $0.rate(5, end) * (end - 5) }.reduce(0, +) / 1e6
    let bulk = bench.bulk.map { $0.measurement.rate(5, end) * (end - 5) }.reduce(0, +) / 1e6
    let capacity = scenario.capacity(5, end)
    let delays = flows.map { $0.delay(5, end, share: 0.5) }
    let long = flows.map { $0.delay(5, end, share: 0.95) }
    let sent = flows.map(\.sentCount).reduce(0, +)
    let lost = flows.map(\.lostCount).reduce(0, +)
    // The last quarter, where all flows are there.
    let rates = flows.map { $0.rate(end * 0.75, end) }
    Table.row([
      scenario.testDescription,
      Table.percent((media + bulk) / capacity),
      Table.percent(media / capacity), Table.milliseconds(delays.max() ?? 0),
      Table.milliseconds(long.max() ?? 0), Table.percent(Double(lost) / Double(max(sent, 1))),
      rates.map { Table.megabits($0) }.joined(separator: ", "),
      flows.map { Table.seconds($0.standing(over: 0.3, 0, end)) }.max() ?? "",
    ])
    #expect(media / capacity > 0.05)
    #expect((rates.min() ?? 0) >= 100_000)
    #expect(Double(lost) < Double(sent) * 0.1)
  }

  /// A path: megabits per second, one-way delay in milliseconds, random loss.
  struct PathShape: Sendable, CustomTestStringConvertible {
    let megabits: Double
    let delay: Int64
    let loss: Double

    var testDescription: String {
      "\(megabits) Mbit/s, \(delay) ms each way, \(Table.percent(loss)) loss"
    }
  }

  private static let paths = [0.1, 0.3, 1, 10, 30].flatMap { megabits in
    [(10, 0), (50, 0), (150, 0), (50, 0.02), (50, 0.1), (50, 0.3)].map {
      PathShape(megabits: megabits, delay: $0.0, loss: $0.1)
    }
  }

  @Test(arguments: paths)
  func `paths of all kinds are used`(_ path: PathShape) {
    var used: [Double] = []
    var time: [Double] = []
    var measured: [Measurement] = []
    for seed in 1...3 as ClosedRange<UInt64> {
      let link = Bench.link(
        Int64(path.megabits * 1_000_000), delay: path.delay,
        loss: path.loss > 0 ? .bernoulli(path.loss) : .none)
      var bench = Bench([link, Bench.link(nil, delay: path.delay)], seed: seed)
      bench.add(.init())
      bench.run(until: 30)
      let measurement = bench.flows[0].measurement
      measured.append(measurement)
      used.append(measurement.rate(5, 30) / path.megabits / 1e6)
      time.append(
        measurement.time(from: 0, toReach: path.megabits * 800_000, until: 30) ?? .infinity)
    }
    let slowest = time.max() ?? .infinity
    Table.row([
      path.testDescription, Table.percent(used.min() ?? 0),
      Table.milliseconds(measured.map { $0.delay(5, 30, share: 0.5) }.max() ?? 0),
      Table.milliseconds(measured.map { $0.delay(5, 30, share: 0.95) }.max() ?? 0),
      Table.seconds(slowest.isFinite ? slowest : nil),
    ])
    #expect((used.min() ?? 0) >= 0.5)
  }
}
