import ByteFixtures
import RTP
import Testing
import Wire

@Suite struct VP8Tests {
  private func descriptor(_ hex: String) -> VP8PayloadDescriptor? {
    VP8PayloadDescriptor(parsing: bytes(hex).span)
  }

  @Test func `a descriptor of one byte`() {
    let found = descriptor("10")
    #expect(found?.startsPicture == true)
    #expect(found?.byteCount == 1)
    #expect(found?.pictureID == nil)
    #expect(descriptor("11")?.startsPicture == false)
    #expect(descriptor("20")?.isNonReference == true)
  }

  @Test func `a descriptor with everything`() {
    let found = descriptor("90 f0 9234 56 b1 00")
    #expect(found?.byteCount == 6)
    #expect(found?.pictureID?.value == 0x1234)
    #expect(found?.pictureID?.position == 2)
    #expect(found?.pictureID?.isLong == true)
    #expect(found?.baseLayerIndex?.value == 0x56)
    #expect(found?.baseLayerIndex?.position == 4)
    #expect(found?.temporalLayer == 2)
    #expect(found?.isLayerSync == true)
    #expect(found?.keyFrameIndex == 0x11)
    #expect(found?.layerPosition == 5)
  }

  @Test func `short picture ids and missing fields`() {
    let found = descriptor("80 80 34 00")
    #expect(found?.pictureID?.value == 0x34)
    #expect(found?.pictureID?.isLong == false)
    #expect(found?.byteCount == 3)
    #expect(descriptor("80 20 40")?.temporalLayer == 1)
    #expect(descriptor("80 20 40")?.keyFrameIndex == nil)
  }

  @Test func `every truncation is no descriptor`() {
    let whole = bytes("90 f0 9234 56 b1")
    for count in 0..<whole.count {
      #expect(VP8PayloadDescriptor(parsing: whole.span.extracting(first: count)) == nil)
    }
  }

  @Test func `numbers are rewritten in place, in their width`() throws {
    var packet = bytes("ffff 90e0 9234 56 40 aa")
    let payload = Array(packet.dropFirst(2))
    let found = try #require(VP8PayloadDescriptor(parsing: payload.span) as VP8PayloadDescriptor?)
    var span = packet.mutableSpan
    found.pictureID?.write(0xffff, in: &span, payloadStart: 2)
    found.baseLayerIndex?.write(7, in: &span, payloadStart: 2)
    #expect(packet == bytes("ffff 90e0 ffff 07 40 aa"))
    var short = bytes("8080 34")
    let shortID = VP8PayloadDescriptor(parsing: short.span)?.pictureID
    span = short.mutableSpan
    shortID?.write(0x1ff, in: &span)
    #expect(short == bytes("8080 7f"))
    var empty: [UInt8] = []
    span = empty.mutableSpan
    found.pictureID?.write(1, in: &span, payloadStart: .max)
    found.baseLayerIndex?.write(1, in: &span, payloadStart: .min)
  }

  @Test func `a key frame tells its size`() {
    let start = VideoPayloadFormat.vp8.keyFrameStart(
      in: bytes("10 500700 9d012a 8002 e001 0000").span)
    #expect(start == KeyFrameStart(width: 640, height: 480))
    #expect(VideoPayloadFormat.vp8.keyFrameStart(in: bytes("10 00").span) == KeyFrameStart())
  }

  @Test(arguments: ["", "10", "10 01", "11 00", "00 00", "90", "9080 80"])
  func `what is no key frame`(payload: String) {
    #expect(VideoPayloadFormat.vp8.keyFrameStart(in: bytes(payload).span) == nil)
  }
}

@Suite struct VP9Tests {
  @Test func `non-flexible mode with layers`() {
    let found = VP9PayloadDescriptor(parsing: bytes("e8 8123 53 44 aa").span)
    #expect(found?.isInterPicturePredicted == true)
    #expect(found?.pictureID?.value == 0x123)
    #expect(found?.temporalLayer == 2)
    #expect(found?.isSwitchingPoint == true)
    #expect(found?.spatialLayer == 1)
    #expect(found?.baseLayerIndex?.value == 0x44)
    #expect(found?.baseLayerIndex?.position == 4)
    #expect(found?.byteCount == 5)
  }

  @Test func `flexible mode with references`() {
    let found = VP9PayloadDescriptor(parsing: bytes("f4 05 00 0302 aa").span)
    #expect(found?.baseLayerIndex == nil)
    #expect(found?.byteCount == 5)
    #expect(found?.endsFrame == true)
    #expect(VP9PayloadDescriptor(parsing: bytes("f4 05 00 030303 aa").span)?.byteCount == 6)
  }

  @Test func `a key frame tells the size of its largest layer`() {
    let payload = bytes("8a 05 38 0140 00b4 0280 0168 02 00 05 09 aa")
    let found = VP9PayloadDescriptor(parsing: payload.span)
    #expect(found?.byteCount == 15)
    #expect(
      VideoPayloadFormat.vp9.keyFrameStart(in: payload.span)
        == KeyFrameStart(width: 640, height: 360))
  }

  @Test func `only the lowest spatial layer starts a key frame`() {
    #expect(VideoPayloadFormat.vp9.keyFrameStart(in: bytes("a8 05 00 01").span) == KeyFrameStart())
    #expect(VideoPayloadFormat.vp9.keyFrameStart(in: bytes("a8 05 02 01").span) == nil)
    #expect(VideoPayloadFormat.vp9.keyFrameStart(in: bytes("e8 05 00 01").span) == nil)
    #expect(VideoPayloadFormat.vp9.keyFrameStart(in: bytes("80 05").span) == nil)
  }

  @Test func `every truncation is no descriptor`() {
    for whole in [
      bytes("f6 8105 00 0302 18 00010002 01 08 05"), bytes("8a 05 38 0140 00b4 0280 0168 01 05 09"),
    ] {
      for count in 0..<whole.count {
        #expect(VP9PayloadDescriptor(parsing: whole.span.extracting(first: count)) == nil)
      }
    }
  }
}

@Suite struct H264Tests {
  /// A high-profile set of 1280×720 as x264 writes it, with emulation prevention.
  private let parameters = "67 64001f acd9405005bb011000000300100000030 3c0f1831960"

  private func start(_ hex: String) -> KeyFrameStart? {
    VideoPayloadFormat.h264.keyFrameStart(in: bytes(hex).span)
  }

  @Test func `parameter sets tell the size`() {
    #expect(start(parameters) == KeyFrameStart(width: 1280, height: 720))
    // Constrained baseline, 640×360 with cropping: 40×23 macroblocks, 8 rows cut.
    #expect(start("67 42c01f da 02 80 bf e5 c0") == KeyFrameStart(width: 640, height: 360))
    #expect(start("67") == KeyFrameStart())
    #expect(start("67 ffffff 00000000000000") == KeyFrameStart())
  }

  @Test func `a set in an aggregation is found`() {
    let set = bytes(parameters)
    let packet = [0x78, 0, 2, 0x09, 0xf0, 0, UInt8(set.count)] + set + [0, 2, 0x65, 0x88]
    #expect(
      VideoPayloadFormat.h264.keyFrameStart(in: packet.span)
        == KeyFrameStart(width: 1280, height: 720))
    #expect(start("78 0002 65 88") == KeyFrameStart())
    #expect(start("78 0000 0002 41 88 00ff 67") == nil)
  }

  @Test func `slices and fragments`() {
    #expect(start("65 88") == KeyFrameStart())
    #expect(start("7c 85") == KeyFrameStart())
    #expect(start("7c 45") == nil)
    #expect(start("7c 81") == nil)
    #expect(start("7c") == nil)
    #expect(start("41") == nil)
    #expect(start("68") == nil)
    #expect(start("") == nil)
  }
}

@Suite struct AV1Tests {
  private func start(_ hex: String) -> KeyFrameStart? {
    VideoPayloadFormat.av1.keyFrameStart(in: bytes(hex).span)
  }

  @Test func `a new coded video sequence is a key frame`() {
    #expect(start("18 0a") == KeyFrameStart())
    #expect(start("08") == KeyFrameStart())
    #expect(start("88 0a") == nil)
  }

  @Test func `a sequence header in front is one too`() {
    #expect(start("10 0a 0b") == KeyFrameStart())
    #expect(start("20 05 0a 0b") == KeyFrameStart())
    #expect(start("00 8501 0a") == KeyFrameStart())
    #expect(start("10 32") == nil)
    #expect(start("00 ffffffffffffffffffff") == nil)
    #expect(start("") == nil)
    #expect(start("00") == nil)
  }
}

@Suite struct PayloadFuzzTests {
  @Test(arguments: VideoPayloadFormat.allCases)
  func `no bytes can trap`(format: VideoPayloadFormat) {
    var random = RandomSource.seeded(17)
    for _ in 0..<20_000 {
      var payload = random.bytes(Int(random.next() % 48))
      if format == .h264, !payload.isEmpty {
        payload[0] = [0x67, 0x78, 0x7c, 0x65][Int(random.next() % 4)]
      }
      _ = format.keyFrameStart(in: payload.span)
    }
  }
}
