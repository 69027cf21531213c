import RTP
import Testing
import Wire

@Suite struct ReceptionStatisticsTests {
  private func header(_ sequenceNumber: UInt16, _ timestamp: UInt32 = 0) -> RTPHeader {
    RTPHeader(payloadType: 96, sequenceNumber: sequenceNumber, timestamp: timestamp, ssrc: 1)
  }

  @Test func `nothing received is nothing to report`() {
    var statistics = ReceptionStatistics(clockRate: 90_000)
    #expect(statistics.reportBlock(ssrc: 1, at: .zero) == nil)
  }

  @Test func `loss is counted over a wrap with reordering`() throws {
    var statistics = ReceptionStatistics(clockRate: 90_000)
    for number in [65533, 65535, 0, 1, 65534, 2, 6] as [UInt16] {
      statistics.receive(header(number), at: .zero)
    }
    let firstReport = statistics.reportBlock(ssrc: 1, at: .zero)
    let first = try #require(firstReport)
    #expect(first.highestSequenceNumber == 0x1_0006)
    #expect(first.cumulativeLost == 3)
    #expect(first.fractionLost == UInt8(3 * 256 / 10))
    for number in 7...16 as ClosedRange<UInt16> { statistics.receive(header(number), at: .zero) }
    let secondReport = statistics.reportBlock(ssrc: 1, at: .zero)
    let second = try #require(secondReport)
    #expect(second.fractionLost == 0)
    #expect(second.cumulativeLost == 3)
  }

  @Test(arguments: [300, 30_000] as [UInt16])
  func `what was sent into an outage is missing, but in no report`(gap: UInt16) throws {
    var statistics = ReceptionStatistics(clockRate: 90_000)
    for number in [65_500, 65_503] as [UInt16] { statistics.receive(header(number), at: .zero) }
    let back = 65_503 &+ gap
    statistics.receive(header(back), isAfterOutage: true, at: .zero)
    statistics.receive(header(back &+ 2), at: .zero)
    // Those before it are not expected any more, and do no harm.
    statistics.receive(header(back &- 1), isAfterOutage: true, at: .zero)
    #expect(statistics.expectedCount == 6 + Int64(gap))
    let report = statistics.reportBlock(ssrc: 1, at: .zero)
    let block = try #require(report)
    #expect(block.cumulativeLost == 2)
    #expect(block.fractionLost == UInt8(2 * 256 / 7))
    #expect(block.highestSequenceNumber == 65_505 + UInt32(gap))
  }

  @Test func `duplicates make loss negative, and the fraction zero`() throws {
    var statistics = ReceptionStatistics(clockRate: 90_000)
    for number in [1, 2, 2, 2] as [UInt16] { statistics.receive(header(number), at: .zero) }
    let blockReport = statistics.reportBlock(ssrc: 1, at: .zero)
    let block = try #require(blockReport)
    #expect(block.cumulativeLost == -2)
    #expect(block.fractionLost == 0)
  }

  @Test func `one stray number changes nothing, two in a row are a restart`() {
    var statistics = ReceptionStatistics(clockRate: 90_000)
    for number in 100...110 as ClosedRange<UInt16> { statistics.receive(header(number), at: .zero) }
    statistics.receive(header(40_000), at: .zero)
    #expect(statistics.expectedCount == 11)
    statistics.receive(header(40_000), at: .zero)
    #expect(statistics.expectedCount == 11)
    statistics.receive(header(40_001), at: .zero)
    #expect(statistics.expectedCount == 1)
    let block = statistics.reportBlock(ssrc: 1, at: .zero)
    #expect(block?.highestSequenceNumber == 40_001)
  }

  @Test func `jitter follows RFC 3550 A 8`() {
    var statistics = ReceptionStatistics(clockRate: 8000)
    // Every second packet is 10 ms (80 ticks) late.
    var expected = 0.0
    for number in 0..<200 as Range<UInt16> {
      let late: Int64 = number % 2 == 0 ? 0 : 10
      statistics.receive(
        header(number, UInt32(number) * 160), at: .zero + .milliseconds(Int64(number) * 20 + late))
      if number > 0 { expected += (80 - expected) / 16 }
    }
    #expect(abs(Double(statistics.jitter) - expected) < 1.5)
  }

  @Test func `a media clock that jumps is no jitter`() {
    var statistics = ReceptionStatistics(clockRate: 90_000)
    statistics.receive(header(1, 0), at: .zero)
    statistics.receive(header(2, 0x8000_0000), at: .zero + .milliseconds(20))
    statistics.receive(header(3, .max), at: Instant(nanoseconds: .max))
    #expect(statistics.jitter == 0)
  }

  @Test func `a sender report is told back with its delay`() throws {
    var statistics = ReceptionStatistics(clockRate: 90_000)
    statistics.receive(header(1), at: .zero)
    let report = SenderReport(
      ssrc: 1, ntpTimestamp: 0x1111_2222_3333_4444, rtpTimestamp: 0, packetCount: 0, octetCount: 0)
    statistics.receive(report, at: .zero + .seconds(1))
    let blockReport = statistics.reportBlock(ssrc: 1, at: .zero + .milliseconds(2500))
    let block = try #require(blockReport)
    #expect(block.lastSenderReport == 0x2222_3333)
    #expect(block.delaySinceLastSenderReport == 0x1_8000)
    let received = report.ntpTimestamp &+ NTP.interval(.milliseconds(1700))
    let roundTrip = try #require(NTP.roundTrip(block, at: received))
    #expect(abs(roundTrip.milliseconds - 200) <= 1)
  }

  @Test func `any numbers and times are taken`() {
    var random = RandomSource.seeded(9)
    var statistics = ReceptionStatistics(clockRate: .max)
    for _ in 0..<20_000 {
      let now = Instant(nanoseconds: Int64(truncatingIfNeeded: random.next()))
      statistics.receive(
        header(
          UInt16(truncatingIfNeeded: random.next()), UInt32(truncatingIfNeeded: random.next())),
        at: now)
      _ = statistics.reportBlock(ssrc: 1, at: now)
    }
  }
}

@Suite struct NTPTests {
  @Test func `1970 and the era of 2036`() {
    #expect(NTP.timestamp(.zero, epoch: .zero) >> 32 == 2_208_988_800)
    // 2036-02-07 06:28:16 UTC.
    let wrap = Duration.seconds(2_085_978_496)
    #expect(NTP.timestamp(.zero, epoch: wrap) == 0)
    #expect(NTP.timestamp(.zero + .milliseconds(500), epoch: wrap) == 0x8000_0000)
    let before = NTP.timestamp(.zero - .milliseconds(250), epoch: wrap)
    #expect(before == 0xffff_ffff_c000_0000)
    #expect(NTP.timestamp(.zero, epoch: wrap) &- before == NTP.interval(.milliseconds(250)))
  }

  @Test func `lengths of time`() {
    #expect(NTP.interval(.seconds(2)) == 2 << 32)
    #expect(NTP.interval(.milliseconds(-500)) == 0xffff_ffff_8000_0000)
    #expect(NTP.duration(middle: 0x1_8000) == .milliseconds(1500))
    _ = NTP.duration(middle: .max)
    _ = NTP.timestamp(Instant(nanoseconds: .max), epoch: Duration(nanoseconds: .max))
    _ = NTP.timestamp(Instant(nanoseconds: .min), epoch: Duration(nanoseconds: .min))
  }

  @Test func `round trips that cannot be are none`() {
    var block = ReportBlock(ssrc: 1)
    #expect(NTP.roundTrip(block, at: 1 << 32) == nil)
    block.lastSenderReport = 0x10_0000
    #expect(NTP.roundTrip(block, at: 0x10_0000 << 16) == .zero)
    block.delaySinceLastSenderReport = 1
    #expect(NTP.roundTrip(block, at: 0x10_0000 << 16) == .zero)
    block.delaySinceLastSenderReport = 0x7fff_ffff
    #expect(NTP.roundTrip(block, at: 0x10_0000 << 16) == nil)
  }
}
