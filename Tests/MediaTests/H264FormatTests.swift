import ByteFixtures
import Media
import RTP
import Testing
import Wire

@Suite struct H264FormatTests {
  private let sets = bytes("00000001 6742c01f 00000001 68ce3c80")

  private func payloads(
    _ frame: [UInt8], limit: Int = 1200, isKeyFrame: Bool = true
  ) -> [RTPPayload] {
    var packetizer = Packetizer(codec: .h264, maximumPayloadSize: limit)
    return packetizer.packetize(EncodedFrame(bytes: frame, timestamp: 0, isKeyFrame: isKeyFrame))
  }

  @Test func `a single unit is its own payload`() {
    #expect(payloads(bytes("00000001 41e0aa")).map(\.bytes) == [bytes("41e0aa")])
    #expect(payloads(bytes("000001 41e0aa 00 00")).map(\.bytes) == [bytes("41e0aa")])
  }

  @Test func `small units share a payload, behind the highest importance`() {
    // STAP-A: F is the or, NRI the maximum of the units' (RFC 6184 §5.7).
    #expect(
      payloads(sets + bytes("000001 0601 000001 65b8")).map(\.bytes)
        == [bytes("78 0004 6742c01f 0004 68ce3c80 0002 0601 0002 65b8")])
    #expect(
      payloads(bytes("000001 0601 000001 2102")).map(\.bytes) == [bytes("38 0002 0601 0002 2102")])
  }

  @Test func `a large unit is fragmented evenly`() {
    let slice = [0x65] + [UInt8](repeating: 0xaa, count: 150)
    let found = payloads(sets + [0, 0, 1] + slice, limit: 64)
    #expect(found.map(\.marker) == [false, false, false, true])
    #expect(found.map(\.bytes.count) == [13, 52, 52, 52])
    #expect(
      found.dropFirst().map { Array($0.bytes.prefix(2)) } == [
        bytes("7c85"), bytes("7c05"), bytes("7c45"),
      ])
    #expect(Depacketizer(codec: .h264).join(found.map(\.bytes)) == sets + [0, 0, 1] + slice)
  }

  @Test func `parameter sets come again in front of a key frame that lacks them`() {
    var packetizer = Packetizer(codec: .h264)
    let idr = bytes("00000001 65b8")
    _ = packetizer.packetize(EncodedFrame(bytes: sets + idr, timestamp: 0))
    let inter = packetizer.packetize(
      EncodedFrame(bytes: bytes("00000001 41e0"), timestamp: 1, isKeyFrame: false))
    #expect(inter.map(\.bytes) == [bytes("41e0")])
    let again = packetizer.packetize(EncodedFrame(bytes: idr, timestamp: 2))
    #expect(again.map(\.bytes) == [bytes("78 0004 6742c01f 0004 68ce3c80 0002 65b8")])
    // New ones take their place.
    let other = bytes("00000001 6764001f 00000001 68eb")
    _ = packetizer.packetize(EncodedFrame(bytes: other + idr, timestamp: 3))
    let last = packetizer.packetize(EncodedFrame(bytes: idr, timestamp: 4))
    #expect(last.map(\.bytes) == [bytes("78 0004 6764001f 0002 68eb 0002 65b8")])
  }

  @Test func `payloads tell of themselves`() {
    let h264 = Depacketizer(codec: .h264)
    #expect(h264.describe(bytes("6742").span)?.start == .certain)
    #expect(h264.describe(bytes("09f0").span)?.start == .certain)
    #expect(h264.describe(bytes("65b8").span)?.start == .possible)
    #expect(h264.describe(bytes("65b8").span)?.isKeyFrame == true)
    #expect(h264.describe(bytes("41e0").span)?.isKeyFrame == false)
    #expect(h264.describe(bytes("78 0002 6742 0002 65b8").span)?.isKeyFrame == true)
    #expect(h264.describe(bytes("78 0002 6742 0002 65b8").span)?.hasParameterSets == true)
    #expect(h264.describe(bytes("7c 85 b8").span)?.isKeyFrame == true)
    #expect(h264.describe(bytes("7c 05 b8").span)?.start == PayloadDescription.Start.none)
  }

  @Test(
    arguments: [
      "", "7c", "7c85", "78", "78 00", "78 0003 6742", "78 0000", "1a", "1d8501", "5f00", "40",
    ])
  func `what is no payload of packetization mode 1`(payload: String) {
    #expect(Depacketizer(codec: .h264).describe(bytes(payload).span) == nil)
  }

  @Test(
    arguments: [
      ["7c 05 aa"], ["7c 85 aa"], ["7c 85 aa", "41 e0"], ["7c 85 aa", "7c 85 aa"],
      ["7c 85 aa", "78 0001 41"], ["78 0003 41"], ["78 00"], [""], ["7c 85"], [],
    ])
  func `what does not fit together is no frame`(payloads: [String]) {
    #expect(Depacketizer(codec: .h264).join(payloads.map(bytes)) == nil)
  }

  @Test func `a frame without units gives nothing`() {
    #expect(payloads(bytes("0102030405")).isEmpty)
    #expect(payloads(bytes("00000001")).isEmpty)
    // Types that RTP uses itself.
    #expect(
      payloads(bytes("000001 78000141 000001 7c85 000001 40 000001 41e0")).map(\.bytes) == [
        bytes("41e0")
      ])
    #expect(payloads([]).isEmpty)
  }
}
