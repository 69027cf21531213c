import RTP
import Testing
import Wire

@Suite struct RepairLedgerTests {
  private func at(_ milliseconds: Int64) -> Instant { .zero + .milliseconds(milliseconds) }

  private func note(_ number: Int, _ ledger: inout RepairLedger, _ now: Int64) {
    ledger.note(
      .init(input: 3, index: Int64(number) * 2, timestamp: 9, marker: true),
      sequenceNumber: UInt16(truncatingIfNeeded: number), byteCount: 1000, at: at(now))
  }

  @Test func `a viewer's number leads to the packet it was, until it is too old`() {
    var ledger = RepairLedger(packetCount: 256, age: .seconds(1))
    #expect(ledger.take(1, at: at(0), roundTrip: .zero) == nil)
    for number in 65_400..<65_700 { note(number, &ledger, 0) }
    for number in 65_444..<65_454 {
      let found = ledger.take(
        UInt16(truncatingIfNeeded: number), at: at(1000), roundTrip: .zero)
      #expect(found?.index == Int64(number) * 2)
    }
    #expect(ledger.take(65_443, at: at(0), roundTrip: .zero) == nil)
    #expect(ledger.take(65_500, at: at(1001), roundTrip: .zero) == nil)
    ledger.removeAll()
    #expect(ledger.take(65_501, at: at(0), roundTrip: .zero) == nil)
  }

  @Test func `a slow stream takes little memory`() {
    var ledger = RepairLedger(age: .milliseconds(500))
    for number in 0..<5000 { note(number, &ledger, Int64(number) * 20) }
    #expect(ledger.byteCapacity < 16 << 10)
  }

  @Test func `a packet is repeated eight times at most, and once a round trip`() {
    var ledger = RepairLedger()
    note(7, &ledger, 0)
    var times: [Int64] = []
    for now in 0..<1900 as Range<Int64> {
      if ledger.take(7, at: at(now), roundTrip: .milliseconds(100)) != nil { times.append(now) }
    }
    #expect(times == [0, 100, 200, 300, 400, 500, 600, 700])
  }

  @Test(arguments: [(0.0, 4), (0.1, 4), (0.25, 2), (1, 2), (.nan, 4), (-1, 4)])
  func `row 34: asking for every number in a loop brings a quarter, a half where a quarter is lost`(
    loss: Double, part: Int
  ) {
    var ledger = RepairLedger()
    ledger.setLoss(loss)
    var repeated = 0
    var copies: [UInt16: Int] = [:]
    for number in 0..<2000 {
      note(number, &ledger, Int64(number) * 5)
      for asked in max(0, number - 150)...number {
        let asked = UInt16(asked)
        let found = ledger.take(
          asked, at: at(Int64(number) * 5), roundTrip: .milliseconds(20))
        guard found != nil else { continue }
        repeated += 1000
        copies[asked, default: 0] += 1
      }
    }
    #expect(repeated <= 2_000_000 / part + RepairLedger.allowance)
    #expect(repeated > 2_000_000 / part * 4 / 5)
    #expect(copies.values.max() ?? 0 <= Int(RepairLedger.repeatLimit))
  }

  @Test(arguments: [100, 65_530, 40_000])
  func `what came before a picture that needs none before it is not needed any more`(first: Int) {
    var ledger = RepairLedger(packetCount: 256, age: .seconds(10))
    for number in first..<first + 10 { note(number, &ledger, 0) }
    let beginning = UInt16(truncatingIfNeeded: first + 6)
    ledger.begin(with: beginning, at: at(0))
    for number in first..<first + 10 {
      let isNeeded = number >= first + 6
      let number = UInt16(truncatingIfNeeded: number)
      #expect((ledger.age(of: number, at: at(50)) == .milliseconds(50)) == isNeeded)
    }
    // Half a round of numbers later they seem older than the beginning.
    for number in first + 40_000..<first + 40_010 { note(number, &ledger, 90) }
    #expect(
      ledger.age(of: UInt16(truncatingIfNeeded: first + 40_005), at: at(99)) == .milliseconds(9))
  }
}
