import ByteFixtures
import Media
import RTP
import Testing
import Wire

@Suite struct VP9FormatTests {
  private let key = bytes("824983420000f002f6 3824")
  private let inter = bytes("86004092")

  private func first(_ packetizer: inout Packetizer, _ frame: EncodedFrame) -> [UInt8] {
    packetizer.packetize(frame).first?.bytes ?? []
  }

  @Test func `one layer without flexible mode tells its size with each key frame`() {
    var packetizer = Packetizer(codec: .vp9, firstPictureID: 0x7fff)
    let keyPayload = first(&packetizer, EncodedFrame(bytes: key, timestamp: 0))
    #expect(keyPayload == bytes("8e ffff 10 0010 0030") + key)
    let interPayload = first(
      &packetizer, EncodedFrame(bytes: inter, timestamp: 1, isKeyFrame: false))
    #expect(interPayload == bytes("cc 8000") + inter)
    #expect(FrameSize(of: key.span, codec: .vp9) == FrameSize(width: 16, height: 48))
  }

  @Test func `flexible mode tells references`() {
    var packetizer = Packetizer(codec: .vp9, usesFlexibleMode: true)
    let frame = EncodedFrame(bytes: inter, timestamp: 1, isKeyFrame: false)
    #expect(first(&packetizer, frame) == bytes("dc 8000 02") + inter)
    var layered = frame
    layered.layer = FrameLayer(temporal: 2, isSwitchingPoint: true, references: [1, 3, 4, 9])
    #expect(first(&packetizer, layered) == bytes("fc 8001 50 03 07 08") + inter)
  }

  @Test func `spatial layers share a picture, and the last one ends it`() throws {
    let structure = VP9ScalabilityStructure(
      sizes: [FrameSize(width: 320, height: 180), FrameSize(width: 640, height: 360)],
      group: [.init(temporal: 0, references: [2]), .init(temporal: 1, isSwitchingPoint: true)])
    var packetizer = Packetizer(codec: .vp9, structure: structure)
    var sent: [RTPPayload] = []
    for spatial in 0..<2 as Range<UInt8> {
      sent += packetizer.packetize(
        EncodedFrame(
          bytes: key, timestamp: 0,
          layer: FrameLayer(
            spatial: spatial, dependsOnLowerLayer: spatial > 0, endsPicture: spatial == 1)))
    }
    #expect(sent.map(\.marker) == [false, true])
    #expect(sent[0].bytes == bytes("ae 8000 00 01 38 0140 00b4 0280 0168 02 04 02 34 01") + key)
    #expect(sent[1].bytes == bytes("ac 8000 03 01") + key)
    let keyPayload = sent[0].bytes
    let parsed = VP9PayloadDescriptor(parsing: keyPayload.span)
    let descriptor = try #require(parsed)
    #expect(descriptor.size == KeyFrameStart(width: 640, height: 360))
    #expect(descriptor.byteCount + key.count == sent[0].bytes.count)

    var assembler = FrameAssembler(codec: .vp9)
    for (index, payload) in sent.enumerated() {
      assembler.insert(
        SentPacket(
          header: RTPHeader(
            payloadType: 98, sequenceNumber: UInt16(index), timestamp: 0, ssrc: 1,
            marker: payload.marker),
          payload: payload.bytes))
    }
    let frames = assembler.all().map(\.frame)
    #expect(frames.map(\.bytes) == [key + key])
    #expect(frames.first?.isKeyFrame == true)
    #expect(frames.first?.layer?.spatial == 1)
    let next = packetizer.packetize(EncodedFrame(bytes: inter, timestamp: 1, isKeyFrame: false))
    #expect(next.first.map { Array($0.bytes[1..<3]) } == [0x80, 1])
  }

  @Test func `only the first and last payloads of a frame say so`() {
    var packetizer = Packetizer(codec: .vp9, maximumPayloadSize: 103)
    let payloads = packetizer.packetize(
      EncodedFrame(
        bytes: [0x86] + [UInt8](repeating: 1, count: 299), timestamp: 0, isKeyFrame: false))
    #expect(payloads.map { $0.bytes[0] } == [0xc8, 0xc0, 0xc4])
    #expect(payloads.map(\.bytes.count) == [103, 103, 103])
  }

  @Test func `a structure that would crowd out the picture is not told`() {
    let structure = VP9ScalabilityStructure(
      sizes: [], group: Array(repeating: .init(references: [1, 2, 3, 4]), count: 300))
    var packetizer = Packetizer(codec: .vp9, structure: structure)
    #expect(
      first(&packetizer, EncodedFrame(bytes: key, timestamp: 0)).prefix(3) == bytes("8c 8000")[...])
  }

  @Test func `a forwarder may have taken the lowest layer away`() {
    let vp9 = Depacketizer(codec: .vp9)
    #expect(vp9.describe(bytes("a8 05 00 01 00").span)?.start == .certain)
    #expect(vp9.describe(bytes("a8 05 02 01 00").span)?.start == .possible)
    #expect(vp9.describe(bytes("a0 05 02 01 00").span)?.start == PayloadDescription.Start.none)
    #expect(vp9.describe(bytes("a8 05 02 01").span) == nil)
  }
}
