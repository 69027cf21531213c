import ByteFixtures
import RTP
import Testing
import Wire

/// Sizes in the headers of real encoders.
@Suite struct PictureSizeTests {
  /// x265's, 64×48 with 16 rows cut, with emulation prevention.
  private let h265 = bytes(
    "010160000003009000000300000300 1e a020831659 2ae4caf01680800000030080000 00c84")
  /// libaom's, 64×48.
  private let av1 = bytes("00000002aff79b5f2008")
  /// libvpx's, 64×48.
  private let vp9 = bytes("82498342000 3f002f604")

  @Test func `a set of H265 tells its size`() {
    #expect(H265SequenceParameters.size(in: h265.span) == KeyFrameStart(width: 64, height: 48))
  }

  @Test func `a sequence header of AV1 tells its size`() {
    #expect(AV1SequenceHeader.size(in: av1.span) == KeyFrameStart(width: 64, height: 48))
    // A still picture with the reduced header: 16×16.
    #expect(
      AV1SequenceHeader.size(in: bytes("18 0c ff c0").span) == KeyFrameStart(width: 16, height: 16))
  }

  @Test func `a key frame of VP9 tells its size`() {
    #expect(VP9FrameHeader.keyFrame(in: vp9.span) == KeyFrameStart(width: 64, height: 48))
    // Profile 1 with RGB has no subsampling, but a reserved bit.
    #expect(VP9FrameHeader.keyFrame(in: bytes("a2498342 e0 01e0 0160").span) != nil)
    #expect(VP9FrameHeader.keyFrame(in: bytes("86004092").span) == nil)
    #expect(VP9FrameHeader.keyFrame(in: bytes("88").span) == nil)
  }

  @Test func `every truncation tells none`() {
    for count in 0..<8 {
      #expect(
        H265SequenceParameters.size(in: h265.span.extracting(first: count)) == KeyFrameStart())
      #expect(VP9FrameHeader.keyFrame(in: vp9.span.extracting(first: count)) == nil)
      #expect(
        AV1SequenceHeader.size(in: av1.span.extracting(first: min(count, 6))) == KeyFrameStart())
    }
  }

  @Test func `no bytes can trap`() {
    var random = RandomSource.seeded(8)
    for _ in 0..<5000 {
      let data = random.bytes(Int(random.next() % 40))
      _ = H265SequenceParameters.size(in: data.span)
      _ = AV1SequenceHeader.size(in: data.span)
      _ = VP9FrameHeader.keyFrame(in: ([0x82, 0x49, 0x83, 0x42] + data).span)
    }
  }
}
