import ByteFixtures
import Media
import RTP
import Testing
import Wire

@Suite struct H265FormatTests {
  private let sets = bytes("00000001 4001aa 00000001 4201bb 00000001 4401cc")

  @Test func `small units share a payload with the lowest layer and temporal id`() {
    var packetizer = Packetizer(codec: .h265)
    let frame = sets + bytes("000001 2801dd")
    #expect(
      packetizer.packetize(EncodedFrame(bytes: frame, timestamp: 0)).map(\.bytes)
        == [bytes("6001 0003 4001aa 0003 4201bb 0003 4401cc 0003 2801dd")])
    #expect(
      packetizer.packetize(
        EncodedFrame(bytes: bytes("000001 020baa 000001 0203bb"), timestamp: 0, isKeyFrame: false)
      ).map(\.bytes) == [bytes("6003 0003 020baa 0003 0203bb")])
  }

  @Test func `a large unit is fragmented evenly`() {
    var packetizer = Packetizer(codec: .h265, maximumPayloadSize: 64)
    let slice = bytes("2801") + [UInt8](repeating: 0xaa, count: 150)
    let found = packetizer.packetize(EncodedFrame(bytes: sets + [0, 0, 1] + slice, timestamp: 0))
    #expect(found.map(\.bytes.count) == [17, 53, 53, 53])
    #expect(found.map(\.marker) == [false, false, false, true])
    #expect(
      found.dropFirst().map { Array($0.bytes.prefix(3)) }
        == [bytes("620194"), bytes("620114"), bytes("620154")])
    #expect(Depacketizer(codec: .h265).join(found.map(\.bytes)) == sets + [0, 0, 1] + slice)
  }

  @Test func `parameter sets come again in front of a key frame that lacks them`() {
    var packetizer = Packetizer(codec: .h265)
    let key = bytes("00000001 2a01dd")
    _ = packetizer.packetize(EncodedFrame(bytes: sets + key, timestamp: 0))
    #expect(
      packetizer.packetize(EncodedFrame(bytes: key, timestamp: 2)).map(\.bytes)
        == [bytes("6001 0003 4001aa 0003 4201bb 0003 4401cc 0003 2a01dd")])
  }

  @Test func `a unit may be its header only, as the end of a sequence is`() {
    var packetizer = Packetizer(codec: .h265)
    let frame = EncodedFrame(bytes: bytes("00000001 4801"), timestamp: 0, isKeyFrame: false)
    let payloads = packetizer.packetize(frame).map(\.bytes)
    #expect(payloads == [bytes("4801")])
    #expect(Depacketizer(codec: .h265).describe(bytes("4801").span)?.start == .possible)
    #expect(Depacketizer(codec: .h265).join(payloads) == frame.bytes)
  }

  @Test func `payloads tell of themselves`() {
    let h265 = Depacketizer(codec: .h265)
    #expect(h265.describe(bytes("4001aa").span)?.start == .certain)
    #expect(h265.describe(bytes("460150").span)?.start == .certain)
    #expect(h265.describe(bytes("4201aa").span)?.hasParameterSets == true)
    for type in 16...23 as ClosedRange<UInt8> {
      #expect(h265.describe([type << 1, 1, 0x80].span)?.isKeyFrame == true)
      #expect(h265.describe([0x62, 1, 0x80 | type, 9].span)?.isKeyFrame == true)
    }
    #expect(h265.describe(bytes("0201aa").span)?.isKeyFrame == false)
    #expect(h265.describe(bytes("620114 aa").span)?.start == PayloadDescription.Start.none)
    #expect(h265.describe(bytes("6001 0003 4001aa 0003 2801bb").span)?.isKeyFrame == true)
  }

  @Test(arguments: [
    "", "28", "620114", "6001", "6001 00", "6001 0004 4001aa", "6001 0000", "640100aa",
    "7e01aa",
  ])
  func `what is no payload without decoding order numbers`(payload: String) {
    #expect(Depacketizer(codec: .h265).describe(bytes(payload).span) == nil)
  }

  @Test(
    arguments: [
      ["620114 aa"], ["620194 aa"], ["620194 aa", "0201aa"], ["6001 0004 4001aa"], ["28"], [],
    ])
  func `what does not fit together is no frame`(payloads: [String]) {
    #expect(Depacketizer(codec: .h265).join(payloads.map(bytes)) == nil)
  }
}
