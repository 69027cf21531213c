import ByteFixtures
import Media
import RTP
import Testing
import Wire

@Suite struct AV1FormatTests {
  private func payloads(
    _ frame: String, limit: Int = 1200, isKeyFrame: Bool = false
  ) -> [RTPPayload] {
    var packetizer = Packetizer(codec: .av1, maximumPayloadSize: limit)
    return packetizer.packetize(
      EncodedFrame(bytes: bytes(frame), timestamp: 0, isKeyFrame: isKeyFrame))
  }

  @Test func `OBUs lose their sizes, delimiters and padding are left out`() {
    #expect(payloads("1200 3203aabbcc").map(\.bytes) == [bytes("10 30aabbcc")])
    #expect(
      payloads("1200 0a02a1a2 7a01ff 3203aabbcc", isKeyFrame: true).map(\.bytes)
        == [bytes("28 03 08a1a2 30aabbcc")])
    #expect(
      payloads("1200 3201aa 3201bb 3201cc").map(\.bytes) == [bytes("30 02 30aa 02 30bb 30cc")])
    // More than three cannot be counted, so that each has its length.
    #expect(
      payloads("3201aa 3201bb 3201cc 3201dd").map(\.bytes)
        == [bytes("00 02 30aa 02 30bb 02 30cc 02 30dd")])
    // The last one may come without a size.
    #expect(payloads("3201aa 30bbcc").map(\.bytes) == [bytes("20 02 30aa 30bbcc")])
  }

  @Test func `an OBU that does not fit goes on in the next payload`() {
    let data = (0..<150).map { UInt8($0) }
    var packetizer = Packetizer(codec: .av1, maximumPayloadSize: 64)
    let found = packetizer.packetize(
      EncodedFrame(
        bytes: bytes("1200 0a02a1a2 32 9601") + data + bytes("3201ee"), timestamp: 0,
        isKeyFrame: true))
    // 4 bytes of the sequence header with its length, and 59 of the frame.
    #expect(found[0].bytes == bytes("68 03 08a1a2 30") + data[0..<58])
    #expect(found[1].bytes == bytes("d0") + data[58..<121])
    #expect(found[2].bytes == bytes("a0 1d") + data[121...] + bytes("30ee"))
    #expect(found.map(\.marker) == [false, false, true])
    #expect(
      Depacketizer(codec: .av1).join(found.map(\.bytes))
        == bytes("1200 0a02a1a2 32 9601") + data + bytes("3201ee"))
  }

  @Test func `OBUs of different layers do not share a payload`() {
    #expect(
      payloads("360001aa 360001bb 360801cc").map(\.bytes)
        == [bytes("20 03 3400aa 3400bb"), bytes("10 3408cc")])
    let found = Depacketizer(codec: .av1).describe(bytes("10 3448cc").span)
    #expect(found?.layer == FrameLayer(temporal: 2, spatial: 1))
  }

  @Test func `what is no temporal unit gives nothing`() {
    for frame in ["32", "3205aa", "b2", "36", "32ffffffffffffffffff", "1200", "1200 3205aa"] {
      #expect(payloads(frame).isEmpty, "\(frame)")
    }
  }

  @Test func `sizes that senders left in are made the shortest`() {
    #expect(Depacketizer(codec: .av1).join([bytes("10 328200aabb")]) == bytes("1200 3202aabb"))
    #expect(Depacketizer(codec: .av1).join([bytes("20 02 1200 30aa")]) == bytes("1200 3201aa"))
  }

  @Test func `an element may be empty`() {
    #expect(Depacketizer(codec: .av1).describe(bytes("00 00").span)?.start == .possible)
    #expect(Depacketizer(codec: .av1).join([bytes("20 00 30aa")]) == bytes("1200 3201aa"))
  }

  @Test func `payloads tell of themselves`() {
    let av1 = Depacketizer(codec: .av1)
    #expect(av1.describe(bytes("18 0800").span)?.start == .certain)
    #expect(av1.describe(bytes("18 0800").span)?.isKeyFrame == true)
    #expect(av1.describe(bytes("10 30aa").span)?.start == .possible)
    #expect(av1.describe(bytes("90 aa").span)?.start == PayloadDescription.Start.none)
  }

  @Test(arguments: [
    "", "10", "00 05aa", "20 05aa", "20 01aa", "30 01aa 01bb", "00 ff", "20 ffffffffffffffffff01",
  ])
  func `what is no payload`(payload: String) {
    #expect(Depacketizer(codec: .av1).describe(bytes(payload).span) == nil)
  }

  @Test(arguments: [
    ["90 aa"], ["50 30aa"], ["50 30aa", "10 30bb"], ["10 b0aa"], ["10 34"], ["10 1200"], [],
  ])
  func `what does not fit together is no frame`(payloads: [String]) {
    #expect(Depacketizer(codec: .av1).join(payloads.map(bytes)) == nil)
  }
}

@Suite struct FrameSizeTests {
  @Test func `frames that are no key frames tell no size`() {
    for codec in MediaCodec.allCases {
      #expect(FrameSize(of: [UInt8]().span, codec: codec) == nil)
      #expect(FrameSize(of: bytes("ff").span, codec: codec) == nil)
      #expect(codec.isKeyFrame([UInt8]().span) == codec.isAudio)
    }
    #expect(
      FrameSize(of: bytes("10 0000 9d012a 4001 f000").span, codec: .vp8)
        == FrameSize(width: 320, height: 240))
    #expect(FrameSize(of: bytes("11 0000 9d012a 4001 f000").span, codec: .vp8) == nil)
    #expect(FrameSize(of: bytes("10 0000 9d012a 4001 f0").span, codec: .vp8) == nil)
  }

  private func isKey(_ hex: String) -> Bool { MediaCodec.av1.isKeyFrame(bytes(hex).span) }

  @Test func `a key frame of AV1 has a sequence header and a frame of type 0`() {
    #expect(isKey("1200 0a0100 320110"))
    #expect(!isKey("1200 0a0100 320130"))
    #expect(!isKey("1200 0a0100 320190"))
    #expect(!isKey("1200 320110"))
    #expect(!isKey("1200 0a0100"))
  }

  @Test func `no bytes can trap`() {
    var random = RandomSource.seeded(4)
    for _ in 0..<3000 {
      let data = bytes("00000001 67 000001 42 0a ff") + random.bytes(Int(random.next() % 60))
      let start = Int(random.next() % 10)
      for codec in MediaCodec.allCases {
        _ = FrameSize(of: data.span.extracting(droppingFirst: start), codec: codec)
        _ = codec.isKeyFrame(data.span.extracting(droppingFirst: start))
      }
    }
  }
}
