import ByteFixtures
import Media
import Testing
import Wire

@Suite struct MediaCodecTests {
  @Test func `names are those of SDP, whatever their case`() {
    for codec in MediaCodec.allCases {
      #expect(MediaCodec(sdpName: codec.sdpName) == codec)
      #expect(MediaCodec(sdpName: codec.sdpName.lowercased()) == codec)
    }
    #expect(MediaCodec(sdpName: "Opus") == .opus)
    #expect(MediaCodec(sdpName: "rtx") == nil)
    #expect(MediaCodec(sdpName: "") == nil)
  }

  @Test func `clocks and fixed payload types are those of the registrations`() {
    #expect(MediaCodec.opus.clockRate == 48_000)
    #expect(MediaCodec.pcmu.clockRate == 8_000)
    #expect(MediaCodec.av1.clockRate == 90_000)
    #expect(MediaCodec.pcmu.staticPayloadType == 0)
    #expect(MediaCodec.pcma.staticPayloadType == 8)
    #expect(MediaCodec.vp8.staticPayloadType == nil)
  }
}

@Suite struct AudioFormatTests {
  @Test(
    arguments: [
      ("00", 480), ("08 ", 960), ("18", 2880), ("60", 480), ("68", 960), ("80", 120), ("98", 960),
      ("f8", 960), ("f9", 1920), ("fa", 1920), ("fb03", 2880), ("0306", 2880), ("1b02", 5760),
    ] as [(String, Int)])
  func `an Opus packet tells how long it is`(packet: String, samples: Int) {
    #expect(OpusPacket(parsing: bytes(packet).span)?.sampleCount == samples)
  }

  @Test(arguments: ["", "fb", "fb00", "fb07", "1b03", "ffff"])
  func `what is no Opus packet`(packet: String) {
    #expect(OpusPacket(parsing: bytes(packet).span) == nil)
    #expect(Depacketizer(codec: .opus).describe(bytes(packet).span) == nil)
    var packetizer = Packetizer(codec: .opus)
    #expect(packetizer.packetize(EncodedFrame(bytes: bytes(packet), timestamp: 0)) == [])
  }

  @Test(arguments: [
    (3, 3), (3, 80), (252, 80), (255, 256), (1275, 1275), (1271, 4), (0, 5), (0, 0),
  ])
  func `two frames share a packet, and come out of it as they were`(first: Int, second: Int) {
    func packet(_ count: Int) -> [UInt8] {
      [0x78] + (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ count) }
    }
    let packets = (packet(first), packet(second))
    var pair: [UInt8] = []
    var isJoined = false
    pair.append(addingCapacity: 3000) {
      isJoined = OpusPacket.join(packets.0.span, packets.1.span, into: &$0)
    }
    #expect(isJoined && OpusPacket(parsing: pair.span)?.sampleCount == 1920)
    let frames = OpusPacket.frames(of: pair.span)?.map { Array(pair[$0]) }
    #expect(frames == [packets.0, packets.1].map { Array($0.dropFirst()) })
  }

  @Test(
    arguments: [
      ("", "78"), ("78", ""), ("78 01", "70 01"), ("79 0101", "79 0101"), ("78 01", "7c 01"),
      ("7b 01 05", "78 01"),
    ])
  func `what is not alike does not share a packet`(first: String, second: String) {
    let packets = (bytes(first), bytes(second))
    var pair: [UInt8] = []
    var isJoined = false
    pair.append(addingCapacity: 100) {
      isJoined = OpusPacket.join(packets.0.span, packets.1.span, into: &$0)
    }
    #expect(!isJoined && pair.isEmpty)
  }

  @Test(arguments: ["", "79 01", "7a", "7a fc", "7a 02 01", "7a fd 01 02", "7b 02 01 01"])
  func `lengths that lie give no frames`(packet: String) {
    #expect(OpusPacket.frames(of: bytes(packet).span) == nil)
  }

  @Test func `the first packet after silence bears the marker`() {
    var packetizer = Packetizer(codec: .opus)
    let markers = [0, 960, 1920, 9600, 10_560].map { timestamp in
      packetizer.packetize(EncodedFrame(bytes: bytes("f8 01 02"), timestamp: timestamp)).map(
        \.marker)
    }
    #expect(markers == [[true], [false], [false], [true], [false]])
    var samples = Packetizer(codec: .pcma)
    let frame = [UInt8](repeating: 0xd5, count: 160)
    #expect(
      samples.packetize(EncodedFrame(bytes: frame, timestamp: .max - 159)).map(\.marker) == [true])
    #expect(samples.packetize(EncodedFrame(bytes: frame, timestamp: 0)).map(\.marker) == [false])
  }

  @Test func `audio is never cut`() {
    var packetizer = Packetizer(codec: .opus, maximumPayloadSize: 64)
    let packet = [0x78] + [UInt8](repeating: 1, count: 1000)
    #expect(
      packetizer.packetize(EncodedFrame(bytes: packet, timestamp: 0)).map(\.bytes) == [packet])
    #expect(Depacketizer(codec: .opus).join([packet]) == packet)
    #expect(Depacketizer(codec: .opus).join([packet, packet]) == nil)
    #expect(Depacketizer(codec: .pcmu).describe(bytes("ff").span)?.start == .certain)
    #expect(Depacketizer(codec: .pcmu).describe([UInt8]().span) == nil)
  }
}
