import RTCTesting
import Testing
import Wire

@testable import BWE

/// A case of RFC 8867 as a bench, and what is asked of it.
struct Scenario: CustomTestStringConvertible {
  let section: String
  let name: String
  let duration: Double
  /// Capacity of the first bottleneck over time: from which second on, and megabits per second.
  let capacity: [(Double, Double)]
  var testDescription: String { "\(section) \(name), jitter \(jitter) ms" }
  private let prepare: @Sendable (inout Bench) -> Void
  /// Links beside the bottleneck, the first of which carries feedback.
  private let others: [LinkConditions]
  private let jitter: Int64
  private let delay: Int64
  private let queue: Int64

  init(
    _ section: String, _ name: String, duration: Double, capacity: [(Double, Double)],
    jitter: Int64 = 0, delay: Int64 = 50, queue: Int64 = 300,
    others: [LinkConditions] = [Bench.link(nil)],
    prepare: @escaping @Sendable (inout Bench) -> Void
  ) {
    self.section = section
    self.name = name
    self.duration = duration
    self.capacity = capacity
    self.jitter = jitter
    self.delay = delay
    self.queue = queue
    self.others = others
    self.prepare = prepare
  }

  /// Megabits that the bottleneck carries between two times.
  func capacity(_ start: Double, _ end: Double) -> Double {
    var sum = 0.0
    for (index, (time, megabits)) in capacity.enumerated() {
      let next = index + 1 < capacity.count ? capacity[index + 1].0 : duration
      sum += megabits * max(0, min(next, end) - max(time, start))
    }
    return sum
  }

  /// Runs the case.
  func run() -> Bench {
    func link(_ megabits: Double) -> LinkConditions {
      Bench.link(Int64(megabits * 1_000_000), delay: delay, queue: queue, jitter: jitter)
    }
    var bench = Bench([link(capacity[0].1)] + others)
    for (time, megabits) in capacity.dropFirst() {
      bench.change(0, at: time, to: link(megabits))
    }
    prepare(&bench)
    bench.run(until: duration)
    return bench
  }
}

extension Scenario {
  /// The cases of section 5 and those of section 6 that need no marks of routers. One way takes 50 ms, queues hold
  /// 300 ms, and encoders have no upper limit, so that utilisation says what was found.
  static func all(jitter: Int64 = 0) -> [Scenario] {
    capacityCases(jitter) + competitionCases(jitter) + mixedCases(jitter)
  }

  private static func capacityCases(_ jitter: Int64) -> [Scenario] {
    [
      Scenario(
        "5.1", "variable capacity, one flow", duration: 100,
        capacity: [(0, 1), (40, 2.5), (60, 0.6), (80, 1)], jitter: jitter
      ) { bench in bench.add(.init()) },
      Scenario(
        "5.2", "variable capacity, two flows", duration: 125,
        capacity: [(0, 4), (25, 2), (50, 3.5), (75, 1), (100, 2)], jitter: jitter
      ) { bench in for _ in 0..<2 { bench.add(.init()) } },
      Scenario(
        "5.3", "congested feedback link, both directions", duration: 100,
        capacity: [(0, 2), (20, 1), (40, 0.5), (60, 2)], jitter: jitter,
        others: [Bench.link(2_000_000, jitter: jitter)]
      ) { bench in
        bench.add(.init())
        bench.add(.init(path: [1], feedbackPath: [0]))
        bench.change(1, at: 35, to: Bench.link(800_000, jitter: jitter))
        bench.change(1, at: 70, to: Bench.link(2_000_000, jitter: jitter))
      },
    ]
  }

  private static func competitionCases(_ jitter: Int64) -> [Scenario] {
    [
      Scenario(
        "5.4", "three flows, one after another", duration: 120, capacity: [(0, 3.5)],
        jitter: jitter
      ) { bench in for start in [0.0, 20, 40] { bench.add(.init(start: start)) } },
      Scenario(
        "5.5", "five round-trip times", duration: 300, capacity: [(0, 4)], jitter: jitter,
        delay: 10, others: [Bench.link(nil, delay: 10)]
      ) { bench in
        // 10, 25, 50, 100 and 150 ms, 10 of which are the bottleneck's.
        for (index, delay) in [0, 15, 40, 90, 140].enumerated() {
          bench.add(.init(delay: Int64(delay), start: Double(index) * 10))
        }
      },
      Scenario(
        "5.8", "three flows, one pauses", duration: 120, capacity: [(0, 3.5)], jitter: jitter
      ) { bench in
        bench.add(.init(pause: 40...60))
        for start in [0.0, 0] { bench.add(.init(start: start)) }
      },
      Scenario(
        "6.1", "two flows, one wants a quarter", duration: 120, capacity: [(0, 2)], jitter: jitter
      ) { bench in
        bench.add(.init())
        bench.add(.init(encoderLimit: 500_000, desired: 500_000))
      },
      Scenario(
        "6.3", "two bottlenecks", duration: 120, capacity: [(0, 2)], jitter: jitter,
        others: [Bench.link(nil), Bench.link(2_000_000, delay: 10)]
      ) { bench in
        bench.add(.init(path: [0, 2]))
        bench.add(.init(path: [0]))
        bench.add(.init(path: [2]))
      },
    ]
  }

  private static func mixedCases(_ jitter: Int64) -> [Scenario] {
    [(300, "a long file transfer beside"), (1000, "the same, with a queue of 1 s")].map {
      queue, name in
      Scenario(
        "5.6", name, duration: 120, capacity: [(0, 2)], jitter: jitter, queue: queue
      ) { bench in
        bench.add(.init(start: 5, end: 119))
        bench.bulk.append(BulkFlow(path: [0]))
      }
    } + [
      Scenario(
        "5.7", "short file transfers beside two flows", duration: 300, capacity: [(0, 2)],
        jitter: jitter
      ) { bench in
        for _ in 0..<2 { bench.add(.init(start: 5)) }
        for index in 0..<10 {
          bench.bulk.append(
            BulkFlow(shortOn: [0], seed: UInt64(index) + 3, startsAtOnce: index < 2))
        }
      }
    ]
  }
}
