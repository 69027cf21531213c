import Cryptography
import Testing
import Wire

@testable import SRTP

@Suite struct ReplayTests {
  @Test(arguments: SRTPProtectionProfile.allCases)
  func `a packet is delivered once`(profile: SRTPProtectionProfile) throws {
    let session = try Session(profile)
    let packets = try (0..<1500 as Range<UInt16>).map { number throws(SRTPError) in
      try session.protect(plainPacket(number &+ 64_500))
    }
    for packet in packets { _ = try session.open(packet) }
    for packet in packets {
      #expect(throws: SRTPError.self) { try session.open(packet) }
    }
    let reports = try (0..<50).map { _ throws(SRTPError) in try session.protectRTCP(plainReport) }
    for report in reports.reversed() { _ = try session.openRTCP(report) }
    for report in reports {
      #expect(throws: SRTPError.replayed) { try session.openRTCP(report) }
    }
  }

  @Test func `the window holds 1,024 packets`() throws {
    let session = try Session(.aeadAES128GCM)
    let packets = try (0...1024 as ClosedRange<UInt16>).map { number throws(SRTPError) in
      try session.protect(plainPacket(number))
    }
    _ = try session.open(packets[1024])
    #expect(throws: SRTPError.replayed) { try session.open(packets[0]) }
    _ = try session.open(packets[1])
  }

  @Test func `the window agrees with a set`() {
    var random = RandomSource.seeded(31)
    for _ in 0..<20 {
      var window = ReplayWindow()
      var used: Set<UInt64> = []
      var newest = random.next() % 70_000
      for _ in 0..<3000 {
        let jump = random.next() % 100 == 0 ? random.next() % 3000 : random.next() % 8
        let index =
          random.next() % 2 == 0 ? newest + jump : newest - min(newest, random.next() % 1200)
        let isFresh =
          !used.contains(index) && (index > newest || newest - index < 1024 || used.isEmpty)
        #expect(window.isFresh(index) == isFresh)
        guard isFresh else { continue }
        window.insert(index)
        used.insert(index)
        newest = used.count == 1 ? index : max(newest, index)
      }
    }
  }
}

@Suite struct PacketIndexTests {
  @Test func `rollover with packets out of order`() throws {
    for profile in SRTPProtectionProfile.allCases {
      let session = try Session(profile)
      let order = [65_533, 65_535, 0, 1, 65_534, 2] as [UInt16]
      let packets = try order.map { number throws(SRTPError) in
        try session.protect(plainPacket(number))
      }
      for (number, packet) in zip(order, packets) {
        #expect(try session.open(packet) == plainPacket(number))
      }
    }
  }

  @Test func `estimates agree with a 64-bit model`() {
    var random = RandomSource.seeded(37)
    for start in [0, 1, 32_767, 32_768, 65_535, 65_536, 98_304, 1 << 40] as [UInt64] {
      var newest = start
      for _ in 0..<5000 {
        let ahead = Int64(random.next() % 65_535) - 32_767
        guard let index = UInt64(exactly: Int64(newest) + ahead) else { continue }
        let number = UInt16(truncatingIfNeeded: index)
        #expect(PacketIndex.estimate(number, newest: newest) == index)
        newest = max(newest, random.next() % 4 == 0 ? index : newest)
      }
    }
  }

  @Test func `edges of RFC 3711 appendix A`() {
    #expect(PacketIndex.estimate(0xffff, newest: nil) == 0xffff)
    // Half a circle apart, the rollover counter stays.
    #expect(PacketIndex.estimate(0x8000, newest: 0x1_0000) == 0x1_8000)
    #expect(PacketIndex.estimate(0x8001, newest: 0x1_0000) == 0x8001)
    #expect(PacketIndex.estimate(0x0000, newest: 0x1_8000) == 0x1_0000)
    #expect(PacketIndex.estimate(0x0000, newest: 0x1_8001) == 0x2_0000)
    // Before the first index there is none: a jump ahead in the first period is the only reading.
    #expect(PacketIndex.estimate(0xffff, newest: 0) == 0xffff)
    // The end of the key.
    #expect(PacketIndex.estimate(0xffff, newest: PacketIndex.maximum - 1) == PacketIndex.maximum)
    #expect(PacketIndex.estimate(0, newest: PacketIndex.maximum) == nil)
  }
}

@Suite struct SourceTableTests {
  @Test func `only authenticated packets make a source known`() throws {
    let session = try Session(.aeadAES128GCM)
    for ssrc in 0..<5000 as Range<UInt32> {
      let forged = plainPacket(1, ssrc: ssrc) + [UInt8](repeating: 0, count: 16)
      #expect(throws: SRTPError.authenticationFailed) { try session.open(forged) }
    }
    let packet = try session.protect(plainPacket(1, ssrc: 6000))
    #expect(try session.open(packet) == plainPacket(1, ssrc: 6000))
  }

  @Test func `sources beyond the active ones take turns and are never replayed`() throws {
    let session = try Session(.aeadAES128GCM)
    let sender = try Session(.aeadAES128GCM)
    let packets = try (0..<200 as Range<UInt32>).map { ssrc throws(SRTPError) in
      try sender.protect(plainPacket(100, ssrc: ssrc))
    }
    for packet in packets { _ = try session.open(packet) }
    for packet in packets {
      #expect(throws: SRTPError.replayed) { try session.open(packet) }
    }
    for ssrc in 0..<200 as Range<UInt32> {
      let packet = try sender.protect(plainPacket(101, ssrc: ssrc))
      _ = try session.open(packet)
    }
  }

  @Test func `a returning source keeps its rollover counter`() {
    var table = SourceTable(activeLimit: 2)
    func use(_ index: UInt64, _ ssrc: UInt32) -> Bool {
      guard let source = table.source(ssrc), table.isFresh(index, of: source) else { return false }
      table.insert(index, of: source, ssrc: ssrc)
      return true
    }
    #expect(use(0x5_0000, 1) == true)
    #expect(use(1, 2) == true)
    #expect(use(1, 3) == true)
    #expect(table.activeCount == 2)
    #expect(table.source(1)?.position == nil)
    #expect(table.source(1)?.newest == 0x5_0000)
    #expect(use(0x5_0000, 1) == false)
    #expect(use(0x4_ffff, 1) == false)
    #expect(use(0x5_0001, 1) == true)
    #expect(table.source(2)?.position == nil)
    #expect(table.totalCount == 3)
  }

  @Test func `the number of sources is bounded`() {
    var table = SourceTable(activeLimit: 4, totalLimit: 10)
    for ssrc in 0..<10 as Range<UInt32> {
      guard let source = table.source(ssrc) else {
        Issue.record("refused too early")
        return
      }
      table.insert(1, of: source, ssrc: ssrc)
    }
    #expect(table.source(10) == nil)
    #expect(table.source(0) != nil)
    #expect(table.activeCount == 4)
    #expect(table.totalCount == 10)
  }
}
