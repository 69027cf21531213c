import ByteFixtures
import Media
import RTP
import Testing
import Wire

@Suite struct VP8FormatTests {
  private func frame(_ count: Int, isKeyFrame: Bool, layer: FrameLayer? = nil) -> EncodedFrame {
    EncodedFrame(
      bytes: [isKeyFrame ? 0x10 : 0x11] + [UInt8](repeating: 7, count: count - 1), timestamp: 0,
      isKeyFrame: isKeyFrame, layer: layer)
  }

  @Test func `a frame is cut into pieces of nearly equal length`() {
    var packetizer = Packetizer(codec: .vp8, maximumPayloadSize: 106, firstPictureID: 0x1234)
    let payloads = packetizer.packetize(frame(201, isKeyFrame: true))
    #expect(payloads.map(\.bytes.count) == [71, 71, 71])
    #expect(payloads.map(\.marker) == [false, false, true])
    #expect(
      payloads.map { Array($0.bytes.prefix(4)) } == [
        bytes("90 80 9234"), bytes("80 80 9234"), bytes("80 80 9234"),
      ])
    #expect(
      Depacketizer(codec: .vp8).join(payloads.map(\.bytes)) == frame(201, isKeyFrame: true).bytes)
  }

  @Test func `picture numbers wrap at 15 bits`() {
    var packetizer = Packetizer(codec: .vp8, firstPictureID: 0x7fff)
    let numbers = (0..<3).compactMap { _ in
      packetizer.packetize(frame(10, isKeyFrame: false)).first
        .flatMap { VP8PayloadDescriptor(parsing: $0.bytes.span)?.pictureID?.value }
    }
    #expect(numbers == [0x7fff, 0, 1])
  }

  @Test func `layers are told with all they need`() throws {
    var packetizer = Packetizer(codec: .vp8)
    var told: [[UInt8]] = []
    for (isKey, temporal) in [(true, 0), (false, 2), (false, 1), (false, 0)] as [(Bool, UInt8)] {
      let layer = FrameLayer(
        temporal: temporal, isSwitchingPoint: temporal == 1, isNonReference: temporal == 2)
      let payload = try #require(
        packetizer.packetize(frame(10, isKeyFrame: isKey, layer: layer)).first)
      told.append(Array(payload.bytes.prefix(6)))
    }
    #expect(
      told == [
        bytes("90 f0 8000 01 01"), bytes("b0 f0 8001 01 81"), bytes("90 f0 8002 01 61"),
        bytes("90 f0 8003 02 01"),
      ])
  }

  @Test func `a payload tells what it is`() {
    let vp8 = Depacketizer(codec: .vp8)
    let first = vp8.describe(bytes("90 f0 9234 56 71 10 00").span)
    #expect(first?.start == .certain)
    #expect(first?.isKeyFrame == true)
    #expect(first?.pictureID == 0x1234)
    #expect(first?.baseLayerIndex == 0x56)
    #expect(first?.layer == FrameLayer(temporal: 1, isSwitchingPoint: true))
    let later = vp8.describe(bytes("80 80 9234 10 00").span)
    #expect(later?.start == PayloadDescription.Start.none)
    #expect(later?.isKeyFrame == false)
    // A second partition does not start a picture.
    #expect(vp8.describe(bytes("11 10").span)?.start == PayloadDescription.Start.none)
  }

  @Test func `a descriptor that is cut, or has nothing behind it, is no payload`() {
    let whole = bytes("90 f0 9234 56 71")
    for count in 0...whole.count {
      #expect(Depacketizer(codec: .vp8).describe(whole.span.extracting(first: count)) == nil)
    }
  }
}
