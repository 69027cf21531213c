import STUN
import TURN
import Testing
import Wire

struct STUNStreamFramingTests {
  private static func message(_ dataCount: Int) -> [UInt8] {
    let data = [UInt8](repeating: 7, count: dataCount)
    return [UInt8](capacity: 100 + dataCount) { output in
      output.beginSTUN(.indication, STUNTransactionID(high: 1, low: 2), method: .send)
      output.appendSTUN(.data, data.span)
      output.finishSTUN()
    }
  }

  /// Messages of each kind and padding, and the stream they make.
  private static let messages =
    [message(0), message(5)] + (0...9).map { channelData(0x4000, [UInt8](repeating: 9, count: $0)) }
    + [message(1200), channelData(0x4fff, [UInt8](repeating: 1, count: 65_531))]

  private static let stream = messages.flatMap {
    $0 + [UInt8](repeating: 0, count: (4 - $0.count % 4) % 4)
  }

  @Test(arguments: [1, 2, 3, 4, 5, 7, 19, 20, 21, 1000, 65_536, 1_000_000])
  func `a stream is cut into its messages, however it comes in pieces`(size: Int) throws {
    var framing = STUNStreamFraming()
    var messages: [[UInt8]] = []
    for start in stride(from: 0, to: Self.stream.count, by: size) {
      let piece = Array(Self.stream[start..<min(start + size, Self.stream.count)])
      messages += try framing.receive(piece.span)
      #expect(framing.pendingByteCount < 1 << 16)
    }
    #expect(messages == Self.messages)
    #expect(framing.pendingByteCount == 0)
  }

  @Test func `garbage is told at its first byte`() {
    for first in [4, 0x16, 0x3f, 0x50, 0x80, 0xff] as [UInt8] {
      var framing = STUNStreamFraming()
      #expect(throws: STUNStreamFraming.Failure.notSTUN) { try framing.receive([first].span) }
    }
    for bytes in [
      [0, 1, 0, 1, 0x21, 0x12, 0xa4, 0x42], [0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x43],
      Array("POST / HTTP/1.1\r\n".utf8),
    ] as [[UInt8]] {
      var framing = STUNStreamFraming()
      #expect(throws: STUNStreamFraming.Failure.notSTUN) { try framing.receive(bytes.span) }
    }
    var framing = STUNStreamFraming()
    #expect(throws: STUNStreamFraming.Failure.notSTUN) {
      try framing.receive((Self.message(3) + [0x99]).span)
    }
  }

  @Test func `what is too long is told by its header`() throws {
    var framing = STUNStreamFraming(maximumByteCount: 1000)
    #expect(throws: STUNStreamFraming.Failure.tooLong) {
      try framing.receive(([0x40, 0, 3, 0xe5] as [UInt8]).span)
    }
    var largest = STUNStreamFraming()
    #expect(throws: STUNStreamFraming.Failure.tooLong) {
      try largest.receive(([0x40, 0, 0xff, 0xff] as [UInt8]).span)
    }
    var fitting = STUNStreamFraming(maximumByteCount: 1000)
    let header: [UInt8] = [0x40, 0, 3, 0xe4]
    let messages = try fitting.receive(header.span)
    #expect(messages.isEmpty)
  }
}
