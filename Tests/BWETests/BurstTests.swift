import RTCTesting
import Testing
import Wire

@testable import BWE

/// Who sends less than the path carries, and in bursts: what arrives on average says nothing of the path then.
@Suite struct BurstTests {
  /// Sound and snapshots: small packets, and every two seconds a key frame.
  private static let snapshots = MediaFlow.Application(
    smallByteCount: 250, smallBitrate: 160_000, burstByteCount: 8_000...10_000)
  /// Sound and pictures that take two thirds of the path.
  private static let pictures = MediaFlow.Application(
    smallByteCount: 120, smallBitrate: 48_000, pictureByteCount: 3_600,
    burstByteCount: 4_000...6_000)
  /// The same, with snapshots only where the target is too low for pictures.
  private static let adaptive = MediaFlow.Application(
    smallByteCount: 150, smallBitrate: 128_000, pictureByteCount: 2_400, pictureLimit: 350_000,
    burstByteCount: 8_000...10_000)

  /// A minute over a path of 500 kbit/s; it may have been `wide` until the fifth second, and another after `change`.
  private func run(
    _ application: MediaFlow.Application, isWide: Bool = false, jitter: Int64 = 0,
    change: (at: Double, bitsPerSecond: Int64)? = nil, seed: UInt64
  ) -> Measurement {
    let narrow = Bench.link(500_000, jitter: jitter)
    let wide = Bench.link(10_000_000, jitter: jitter)
    var bench = Bench([isWide ? wide : narrow, Bench.link(nil)], seed: seed)
    var shape = MediaFlow.Shape()
    shape.startBitrate = isWide ? 2_500_000 : 450_000
    shape.desired = 1_500_000
    shape.application = application
    bench.add(shape)
    bench.flows[0].random = .seeded(seed)
    if isWide { bench.change(0, at: 5, to: narrow) }
    if let change {
      bench.change(0, at: change.at, to: Bench.link(change.bitsPerSecond, jitter: jitter))
    }
    bench.run(until: 60)
    return bench.flows[0].measurement
  }

  /// What became of an application with four seeds.
  private struct Outcome {
    /// The lowest target from the eleventh second on.
    var least = Int.max
    /// The least share of time in which the target was what the path carries.
    var within = 1.0
    /// The 95th percentile of waits in milliseconds.
    var wait = 0.0
    var lostCount = 0
  }

  private func outcome(
    _ name: String, _ application: MediaFlow.Application, isWide: Bool = false, jitter: Int64 = 0
  ) -> Outcome {
    var outcome = Outcome()
    for seed in 1...4 as ClosedRange<UInt64> {
      let measured = run(application, isWide: isWide, jitter: jitter, seed: seed)
      let targets = measured.target.dropFirst(110)
      let within = targets.count { (370_000...540_000).contains($0) }
      outcome.least = min(outcome.least, targets.min() ?? 0)
      outcome.within = min(outcome.within, Double(within) / Double(max(targets.count, 1)))
      outcome.wait = max(outcome.wait, measured.delay(11, 60, share: 0.95))
      outcome.lostCount += measured.lostCount
    }
    Table.row([
      name + (isWide ? ", from 10 Mbit/s" : "") + (jitter > 0 ? ", jitter of \(jitter) ms" : ""),
      Table.megabits(Double(outcome.least)), Table.percent(outcome.within),
      Table.milliseconds(outcome.wait),
    ])
    return outcome
  }

  @Test(arguments: [false, true])
  func `key frames among small packets do not lower the bitrate to what little is sent`(
    isWide: Bool
  ) {
    let outcome = outcome("sound and snapshots", Self.snapshots, isWide: isWide)
    #expect(outcome.least >= 350_000)
    #expect(outcome.within >= 0.95)
  }

  @Test(arguments: [false, true])
  func `pictures for which there is room go on`(isWide: Bool) {
    let outcome = outcome("pictures from 0.35 Mbit/s on", Self.adaptive, isWide: isWide)
    #expect(outcome.least >= 350_000)
    #expect(outcome.within >= 0.95)
  }

  @Test func `neither a probe nor a key frame lowers the bitrate of who sends two thirds`() {
    let outcome = outcome("pictures of two thirds", Self.pictures)
    #expect(outcome.least >= 350_000)
    #expect(outcome.within >= 0.85)
    #expect(outcome.wait <= 120)
    #expect(outcome.lostCount == 0)
  }

  @Test func `so it is where packets take longer now and then`() {
    let outcome = outcome("pictures from 0.35 Mbit/s on", Self.adaptive, jitter: 20)
    #expect(outcome.least >= 270_000)
    #expect(outcome.within >= 0.6)
  }

  @Test(
    arguments: [(Self.snapshots, 240_000), (Self.pictures, 300_000)]
      as [(MediaFlow.Application, Int64)])
  func `a path that carries less is found out`(_ application: MediaFlow.Application, _ rate: Int64)
  {
    for seed in 1...4 as ClosedRange<UInt64> {
      let measured = run(application, change: (20, rate), seed: seed)
      let targets = measured.target.dropFirst(240).sorted()
      let median = targets[targets.count / 2]
      #expect(median <= Int(rate) * 11 / 10, "\(median), seed \(seed)")
    }
  }

  @Test func `a path that has carried more is asked for that soon, and for no more`() {
    var probes = ProbeController()
    func at(_ milliseconds: Int64) -> Instant { .zero + .milliseconds(milliseconds) }
    func view(_ estimate: Double, hasRoom: Bool = true) -> ProbeController.View {
      ProbeController.View(
        estimate: estimate, isApplicationLimited: false, isQuiet: false, hasRecovered: true,
        hasRoom: hasRoom, limit: 2_000_000)
    }
    _ = probes.start(view(450_000), at: at(0))
    let result = ProbeEstimator.Result(cluster: 1, bitrate: 480_000, isSaturated: true)
    #expect(probes.found(result, view(480_000), at: at(100)) == [])
    #expect(probes.advance(view(420_000), at: at(1000)) == [])
    #expect(probes.advance(view(450_000), at: at(1600)) == [])
    #expect(probes.advance(view(420_000, hasRoom: false), at: at(1600)) == [])
    #expect(probes.advance(view(420_000), at: at(1600)).map(\.bitrate) == [480_000])
    #expect(probes.advance(view(420_000), at: at(2000)) == [])
    #expect(probes.advance(view(420_000), at: at(20_000)) == [])
  }
}
