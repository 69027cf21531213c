import Testing
import Wire

@testable import DTLS

@Suite struct HandshakeBudgets {
  private func fragment(
    of byteCount: Int, _ number: UInt16, type: UInt8 = 1, at offset: Int = 0, count: Int = 1
  ) -> [UInt8] {
    handshakeFragment(
      type: type, messageByteCount: byteCount, messageSequenceNumber: number, offset: offset,
      [UInt8](repeating: 0, count: count))
  }

  @Test func `row 20: all messages of a handshake together are promised 64 KiB at most`() {
    var budget = HandshakeBudget(fromServer: false)
    var kept = 0
    for number in 0..<12 as Range<UInt16> {
      for _ in 0..<3 where budget.accepts(fragment(of: 16_000, number).span) {
        kept |= 1 << Int(number)
      }
    }
    #expect(kept == 0b1111)
    // What was begun may go on, and there is room for what is short.
    let goesOn = budget.accepts(fragment(of: 16_000, 0, at: 15_999).span)
    let isShort = budget.accepts(fragment(of: 1_536, 11).span)
    let isTooLong = budget.accepts(fragment(of: 1, 10).span)
    #expect(goesOn && isShort && !isTooLong)
  }

  @Test func `row 20: a message is 16 KiB at most, one of twelve, and within itself`() {
    func isTaken(_ fragment: [UInt8], fromServer: Bool = false) -> Bool {
      var budget = HandshakeBudget(fromServer: fromServer)
      return budget.accepts(fragment.span)
    }
    #expect(isTaken(fragment(of: 16_384, 11, at: 16_383)))
    #expect(!isTaken(fragment(of: 16_385, 0)))
    #expect(!isTaken(fragment(of: 0xff_ffff, 0)))
    #expect(!isTaken(fragment(of: 100, 12)))
    #expect(!isTaken(fragment(of: 100, 0, at: 100)))
    #expect(!isTaken(fragment(of: 100, 0, count: 0)))
    #expect(isTaken(fragment(of: 0, 0, count: 0)))
    #expect(!isTaken(fragment(of: 100, 0, type: 2)))
    #expect(isTaken(fragment(of: 100, 0, type: 2), fromServer: true))
    #expect(!isTaken(fragment(of: 100, 0) + [1]))
    #expect(!isTaken([]))
  }
}
