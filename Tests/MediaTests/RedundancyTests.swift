import ByteFixtures
import Media
import RTP
import Testing
import Wire

@Suite struct RedundancyTests {
  /// RFC 2198 §5: a primary block of DVI4 with an earlier one of LPC.
  @Test func `a payload is headers, earlier blocks, and the current one`() throws {
    let payload = RedundantPayload(
      earlier: [.init(payloadType: 7, timestampOffset: 160, bytes: bytes("a1a2"))],
      payloadType: 5, bytes: bytes("b1b2b3"))
    #expect(payload.encoded == bytes("87 028002 05 a1a2 b1b2b3"))
    let parsed = RedundantPayload(parsing: payload.encoded.span)
    #expect(parsed == payload)
  }

  @Test func `every truncation of the headers and earlier blocks is refused`() {
    let whole = bytes("87 028002 86 028001 05 a1a2 c1 b1b2")
    for count in 0..<12 {
      let isRefused = RedundantPayload(parsing: whole.span.extracting(first: count)) == nil
      #expect(isRefused, "\(count)")
    }
    let hasEmptyEnd = RedundantPayload(parsing: whole.span.extracting(first: 12))?.bytes == []
    #expect(hasEmptyEnd)
    let endless = [UInt8](repeating: 0x80, count: 400)
    let isRefused = RedundantPayload(parsing: endless.span) == nil
    #expect(isRefused)
  }

  @Test func `what is too long or too old is left out`() {
    let payload = RedundantPayload(
      earlier: [
        .init(payloadType: 7, timestampOffset: 0x4000, bytes: [1]),
        .init(payloadType: 7, timestampOffset: 1, bytes: [UInt8](repeating: 1, count: 1024)),
        .init(payloadType: 0xff, timestampOffset: 0x3fff, bytes: [2]),
      ], payloadType: 5, bytes: [3])
    #expect(payload.encoded == bytes("ff fffc01 05 02 03"))
  }

  @Test(arguments: [1, 2, 4])
  func `as many losses in a row as the distance are made good`(distance: Int) {
    var encoder = RedundancyEncoder(payloadType: 111, distance: distance)
    var assembler = FrameAssembler(codec: .opus)
    let decoder = RedundancyDecoder()
    for number in 0..<40 as Range<UInt16> {
      let payload = encoder.encode([0xf8, UInt8(number)], timestamp: UInt32(number) * 960)
      guard Int(number) % (distance + 1) == 0 else { continue }
      let header = RTPHeader(
        payloadType: 63, sequenceNumber: number &- 20, timestamp: UInt32(number) * 960, ssrc: 4)
      for packet in decoder.decode(header, payload: payload.span) {
        #expect(packet.header.payloadType == 111)
        assembler.insert(packet.header, payload: packet.payload.span, at: .zero)
      }
    }
    let frames = assembler.all()
    #expect(frames.map(\.frame.bytes) == (0..<frames.count).map { [0xf8, UInt8($0)] })
    #expect(frames.map(\.frame.timestamp) == (0..<frames.count).map { UInt32($0) * 960 })
    #expect(frames.count > 40 - distance - 1)
  }

  @Test func `after silence too long to tell, and past the size, nothing is sent again`() {
    var encoder = RedundancyEncoder(payloadType: 111, distance: 2, maximumPayloadSize: 60)
    _ = encoder.encode([1], timestamp: 0)
    #expect(encoder.encode([2], timestamp: 20_000) == [111, 2])
    #expect(encoder.encode([3], timestamp: 20_960) == bytes("ef 0f0001 6f 02 03"))
    let long = [UInt8](repeating: 9, count: 58)
    #expect(encoder.encode(long, timestamp: 21_920) == [111] + long)
    #expect(encoder.encode([4], timestamp: 22_880) == [111, 4])
  }

  @Test func `what makes no sense gives nothing`() {
    let header = RTPHeader(payloadType: 63, sequenceNumber: 0, timestamp: 0, ssrc: 1)
    #expect(RedundancyDecoder().decode(header, payload: bytes("87 0280").span).isEmpty)
    // An empty block tells nothing.
    #expect(RedundancyDecoder().decode(header, payload: bytes("87 028000 05 aa").span).count == 1)
  }
}
