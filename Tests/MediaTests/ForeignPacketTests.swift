import Media
import RTP
import Testing
import Wire

/// Packets that FFmpeg made of the samples.
@Suite struct ForeignPacketTests {
  private func frames(_ name: String, _ codec: MediaCodec) throws -> [EncodedFrame] {
    var frames: [EncodedFrame] = []
    let file = try sample(name)
    switch codec {
    case .opus:
      var reader = OggOpusReader(parsing: file.span)
      while let frame = try reader.next() { frames.append(frame) }
    case .h264, .h265:
      var reader = AnnexBReader(parsing: file.span, codec: codec, framesPerSecond: 25)
      while let frame = try reader?.next() { frames.append(frame) }
    default:
      var reader = IVFReader(parsing: file.span)
      while let frame = try reader.next() { frames.append(frame) }
    }
    return frames
  }

  @Test(
    arguments: [
      ("vp8", "vp8.ivf", .vp8), ("vp9", "vp9.ivf", .vp9),
      ("h264-slices", "h264-slices.h264", .h264),
      ("h265-delimiters", "h265-delimiters.h265", .h265),
      ("opus", "opus.ogg", .opus),
    ] as [(String, String, MediaCodec)])
  func `they make the frames of the file they came from`(
    name: String, source: String, codec: MediaCodec
  ) throws {
    let sent = try frames(source, codec)
    let recording = try sample("\(name).rtp")
    var reader = ByteReader(recording.span)
    var assembler = FrameAssembler(codec: codec)
    var received: [EncodedFrame] = []
    while !reader.isAtEnd {
      // Each packet is behind its length, as in RFC 4571.
      let count = Int(try reader.readUInt16())
      let packet = try reader.take(count)
      let parsed = try RTPPacket(parsing: packet)
      let insertion = assembler.insert(
        parsed.header, payload: packet.extracting(parsed.payloadRange), at: .zero)
      #expect(insertion == .accepted)
      received += assembler.all().map(\.frame)
    }
    let start = try #require(received.first).timestamp
    for index in received.indices { received[index].timestamp &-= start }
    #expect(received.count == sent.count)
    for (one, other) in zip(received, sent) {
      #expect(one.timestamp == other.timestamp)
      #expect(one.isKeyFrame == other.isKeyFrame)
      // FFmpeg takes the first zero of the next start code with the last unit.
      let end = one.bytes.lastIndex { $0 != 0 } ?? 0
      let isSame =
        codec == .h265 ? Array(one.bytes[...end]) == other.bytes : one.bytes == other.bytes
      #expect(isSame, "\(one.timestamp): \(one.bytes.count) instead of \(other.bytes.count) bytes")
    }
  }
}
