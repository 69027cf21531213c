import Testing
import Wire

@testable import BWE

@Suite struct EstimatorPartTests {
  private func at(_ milliseconds: Int64) -> Instant { .zero + .milliseconds(milliseconds) }

  @Test func `packets sent together are one group, and groups are compared by their last packets`()
  {
    var groups = PacketGroups()
    #expect(groups.add(sentAt: at(0), arrivedAt: at(1000)) == nil)
    #expect(groups.add(sentAt: at(4), arrivedAt: at(1006)) == nil)
    #expect(groups.add(sentAt: at(20), arrivedAt: at(1020)) == nil)
    let difference = groups.add(sentAt: at(40), arrivedAt: at(1050))
    #expect(difference?.sent == .milliseconds(16))
    #expect(difference?.arrived == .milliseconds(14))
    #expect(difference?.arrivedAt == at(1020))
    // Sent before the current group: told too late to say anything.
    #expect(groups.add(sentAt: at(30), arrivedAt: at(1060)) == nil)
  }

  @Test func `packets that arrive in a burst are one group`() {
    var groups = PacketGroups()
    for (sent, arrived) in [(0, 1000), (20, 1020), (40, 1060), (50, 1061), (62, 1062)]
      as [(Int64, Int64)]
    {
      _ = groups.add(sentAt: at(sent), arrivedAt: at(arrived))
    }
    let difference = groups.add(sentAt: at(90), arrivedAt: at(1091))
    #expect(difference?.sent == .milliseconds(42))
    #expect(difference?.arrived == .milliseconds(42))
  }

  @Test func `a growing delay is overuse, a constant one is not, a shrinking one is underuse`() {
    var trend = DelayTrend()
    var time: Int64 = 0
    func feed(_ count: Int, _ growth: Int64) -> Set<DelayTrend.Usage> {
      var seen: Set<DelayTrend.Usage> = []
      for _ in 0..<count {
        time += 10 + growth
        trend.update(
          PacketGroups.Difference(
            sent: .milliseconds(10), arrived: .milliseconds(10 + growth), arrivedAt: at(time)))
        seen.insert(trend.usage)
      }
      return seen
    }
    #expect(feed(100, 0) == [.normal])
    #expect(feed(40, 3).contains(.overuse))
    #expect(feed(60, -3).contains(.underuse))
    #expect(feed(200, 0).contains(.normal))
    #expect(trend.usage == .normal)
  }

  @Test func `the acknowledged bitrate is what arrives`() {
    var acknowledged = AcknowledgedBitrate()
    for packet in 0..<300 {
      acknowledged.add(1000, arrivedAt: at(Int64(packet) * 10), isApplicationLimited: false)
    }
    #expect(abs((acknowledged.bitrate ?? 0) - 800_000) < 40_000)
    for packet in 0..<300 {
      acknowledged.add(1000, arrivedAt: at(3000 + Int64(packet) * 5), isApplicationLimited: false)
    }
    #expect(abs((acknowledged.bitrate ?? 0) - 1_600_000) < 100_000)
  }

  /// What `seconds` of a path make of the estimate, and what is sent on average in the second half, where `loss` of packets is lost at a rate in bits per second.
  private func lossBased(
    seconds: Int, loss: (Double) -> Double
  ) -> (estimate: LossBasedBitrate, rate: Double) {
    var estimate = LossBasedBitrate(range: 30_000...10_000_000)
    var random = RandomSource.seeded(3)
    var rate = 3_000_000.0
    var rates: [Double] = []
    var time = Instant.zero
    for _ in 0..<seconds * 4 {
      let end = time + .milliseconds(260)
      while time < end {
        let isLost = Double(random.next() % 10_000) / 10_000 < loss(rate)
        estimate.add(byteCount: 1200, sentAt: time, isLost: isLost, hasQueue: false)
        time = time + Duration(clampedSeconds: 9600 / rate)
      }
      estimate.update(delayBased: 3_000_000, acknowledged: rate * (1 - loss(rate)))
      rate = min(3_000_000, estimate.bitrate)
      rates.append(rate)
    }
    return (estimate, rates.suffix(seconds * 2).reduce(0, +) / Double(seconds * 2))
  }

  @Test func `what is lost whatever is sent does not lower the bitrate`() {
    let (estimate, rate) = lossBased(seconds: 20) { _ in 0.1 }
    #expect(rate >= 2_400_000, "\(rate)")
    #expect(abs(estimate.averageLoss - 0.1) < 0.05)
    #expect(estimate.inherentLoss > 0.04)
  }

  @Test func `what a path drops beyond its capacity lowers the bitrate to it`() {
    let (_, rate) = lossBased(seconds: 20) { max(0, 1 - 1_000_000 / $0) }
    #expect(rate <= 1_300_000, "\(rate)")
    #expect(rate >= 600_000, "\(rate)")
  }

  @Test func `what a queue swallowed is not taken for the path's own loss`() {
    var estimate = LossBasedBitrate(range: 30_000...10_000_000)
    var number = 0
    func pass(_ seconds: Int, losing part: Int?, hasQueue: Bool) {
      for _ in 0..<seconds * 100 {
        number += 1
        let isLost = part.map { number % $0 == 0 } ?? false
        estimate.add(
          byteCount: 1000, sentAt: at(Int64(number) * 10), isLost: isLost, hasQueue: hasQueue)
        estimate.update(delayBased: 3_000_000, acknowledged: nil)
      }
    }
    pass(3, losing: nil, hasQueue: false)
    pass(2, losing: 3, hasQueue: true)
    #expect(estimate.averageLoss > 0.1)
    #expect(estimate.lossBesideQueues < 0.001)
    pass(5, losing: 10, hasQueue: false)
    #expect(abs(estimate.lossBesideQueues - 0.1) < 0.02)
    // Where packets wait all the time nothing else is known.
    pass(8, losing: 5, hasQueue: true)
    #expect(abs(estimate.lossBesideQueues - 0.2) < 0.02)
  }

  @Test func `a probe tells what the path carried`() {
    for (gap, expected) in [(2, 4_000_000.0), (4, 1_900_000)] as [(Int64, Double)] {
      var probes = ProbeEstimator()
      var result: ProbeEstimator.Result?
      for number in 0..<8 as Range<UInt16> {
        probes.sent(number, byteCount: 1000, cluster: 1, at: at(Int64(number) * 2))
      }
      for number in 0..<8 as Range<UInt16> {
        result = probes.arrived(
          number, byteCount: 1000, sentAt: at(Int64(number) * 2),
          arrivedAt: at(5000 + Int64(number) * gap), loss: 0)
      }
      #expect(abs((result?.bitrate ?? 0) - expected) < 1000)
      #expect(result?.isSaturated == (gap == 4))
    }
  }

  @Test func `what is remembered of probes is bounded`() {
    var probes = ProbeEstimator()
    for number in 0..<100_000 {
      probes.sent(
        UInt16(truncatingIfNeeded: number), byteCount: 1000, cluster: number / 5,
        at: at(Int64(number / 100)))
    }
    #expect(probes.count <= 2100)
  }

  @Test func `a queue that stays is of others`() {
    var queue = QueueDelay()
    for step in 0..<20 { queue.update(.milliseconds(50), at: at(Int64(step) * 50)) }
    #expect(queue.value == .zero)
    for step in 20..<70 {
      queue.update(.milliseconds(200), packetCount: 10, at: at(Int64(step) * 50))
      #expect(!queue.isOfOthers(at: at(Int64(step) * 50)))
    }
    #expect(queue.value == .milliseconds(150))
    queue.update(.milliseconds(200), at: at(4100))
    #expect(queue.isOfOthers(at: at(4100)))
    queue.update(.milliseconds(60), at: at(4200))
    #expect(!queue.isOfOthers(at: at(4200)))
  }

  @Test func `on another path no probe has the number of one before`() {
    var estimator = SendSideEstimator()
    var events: [SendSideEstimator.Event] = []
    estimator.start(at: at(0), events: &events)
    estimator.changePath(at: at(300), events: &events)
    let numbers = events.compactMap { event -> Int? in
      if case .probe(let cluster) = event { cluster.id } else { nil }
    }
    #expect(numbers.count == 4 && Set(numbers).count == 4)
  }

  @Test(arguments: 1...20 as ClosedRange<UInt64>)
  func `what arrived of late is what a plain list would tell`(seed: UInt64) {
    var random = RandomSource.seeded(seed)
    var arrivals = RecentArrivals()
    var list: [(time: Instant, byteCount: Int)] = []
    var clock = Instant.zero
    var newest = Instant.zero
    for _ in 0..<3000 {
      let isDense = random.next() % 8 < 7
      clock = clock + .microseconds(Int64(random.next() % (isDense ? 600 : 90_000)))
      let isLate = random.next() % 10 == 0
      let time = isLate ? clock - .milliseconds(Int64(random.next() % 150)) : clock
      newest = max(newest, time)
      let byteCount = Int(random.next() % 1200)
      arrivals.add(byteCount, at: time)
      list.append((time, byteCount))
      while let first = list.first, first.time < newest - .milliseconds(100) || list.count > 256 {
        list.removeFirst()
      }
      let elapsed = list.first.map { newest - $0.time } ?? .zero
      let sum = list.dropFirst().reduce(0) { $0 + $1.byteCount }
      let isKnown = list.count >= 5 && elapsed >= .milliseconds(40)
      #expect(arrivals.bitrate == (isKnown ? Double.bitrate(sum, over: elapsed) : nil))
    }
  }
}
