import Media
import RTP
import Testing
import Wire

/// Streams of real encoders: read, sent, put together and written, they are what they were.
@Suite struct SampleTests {
  static let videos: [(String, MediaCodec)] = [
    ("vp8.ivf", .vp8), ("vp9.ivf", .vp9), ("av1.ivf", .av1),
  ]
  static let streams: [(String, MediaCodec)] = [
    ("h264.h264", .h264), ("h264-slices.h264", .h264), ("h265.h265", .h265),
    ("h265-delimiters.h265", .h265),
  ]

  /// The frames as they come out of an assembler, sent in payloads of at most `limit` bytes.
  private func sent(
    _ frames: [EncodedFrame], _ codec: MediaCodec, limit: Int
  ) -> [EncodedFrame] {
    var sender = TestSender(codec, maximumPayloadSize: limit)
    var assembler = FrameAssembler(codec: codec)
    return frames.flatMap { frame in
      for packet in sender.send(frame) { assembler.insert(packet) }
      return assembler.all().map(\.frame)
    }
  }

  private func frames<E: Error>(_ next: () throws(E) -> EncodedFrame?) throws(E) -> [EncodedFrame] {
    var frames: [EncodedFrame] = []
    while let frame = try next() { frames.append(frame) }
    return frames
  }

  @Test(arguments: videos)
  func `an IVF file is the same after the journey`(name: String, codec: MediaCodec) throws {
    let file = try sample(name)
    var reader = IVFReader(parsing: file.span)
    let frames = try frames { try reader.next() }
    let header = try #require(reader.header)
    #expect(header.codec == codec)
    #expect(header.size == FrameSize(width: 64, height: 48))
    #expect(frames.count == 20)
    #expect(frames.map(\.timestamp) == (0..<20).map { $0 * 3600 })
    #expect(frames.indices.filter { frames[$0].isKeyFrame } == [0, 10])
    for frame in frames {
      #expect(FrameSize(of: frame, codec: codec) == (frame.isKeyFrame ? header.size : nil))
    }
    for limit in [64, 200, 1200] {
      var writer = try #require(IVFWriter(header: header))
      var written = sent(frames, codec, limit: limit).flatMap { writer.write($0) }
      written.replaceSubrange(0..<32, with: writer.header.bytes)
      let isSame = written == file
      #expect(isSame, "\(limit)")
    }
  }

  @Test(arguments: streams)
  func `a byte stream is the same after the journey`(name: String, codec: MediaCodec) throws {
    let file = try sample(name)
    var reader = try #require(
      AnnexBReader(parsing: file.span, codec: codec, framesPerSecond: 25) as AnnexBReader?)
    let frames = try frames { try reader.next() }
    #expect(frames.count == 20)
    #expect(frames.map(\.timestamp) == (0..<20).map { $0 * 3600 })
    #expect(frames.indices.filter { frames[$0].isKeyFrame } == [0, 10])
    for frame in frames {
      let size = frame.isKeyFrame ? FrameSize(width: 64, height: 48) : nil
      #expect(FrameSize(of: frame, codec: codec) == size)
    }
    for limit in [64, 200, 1200] {
      let isSame = sent(frames, codec, limit: limit).flatMap { AnnexBWriter().write($0) } == file
      #expect(isSame, "\(limit)")
    }
  }

  @Test(arguments: [("opus.ogg", 63, 48_000), ("opus-short-pages.ogg", 26, 960)])
  func `an Ogg file is the same after the journey`(
    name: String, count: Int, pageDuration: UInt64
  ) throws {
    let file = try sample(name)
    var reader = OggOpusReader(parsing: file.span)
    let frames = try frames { try reader.next() }
    let head = try #require(reader.head)
    let tags = try #require(reader.tags)
    #expect(head.preSkip == 312)
    #expect(head.inputSampleRate == 48_000)
    #expect(tags.vendor == "ffmpeg")
    #expect(tags.comments == ["encoder=Lavc libopus"])
    #expect(frames.count == count)
    #expect(frames.map(\.timestamp) == frames.indices.map { UInt32($0) * 960 })
    var writer = OggOpusWriter(head: head, tags: tags, serial: 0, pageDuration: pageDuration)
    var written = sent(frames, .opus, limit: 1200).flatMap { writer.write($0) }
    written += writer.finish(endGranule: reader.endGranule)
    let isSame = written == file
    #expect(isSame)
  }

  @Test(arguments: ["vp8.ivf", "vp9.ivf", "av1.ivf"])
  func `an IVF file cut anywhere gives the whole frames before, and an error`(
    name: String
  ) throws {
    let file = try sample(name)
    var whole = IVFReader(parsing: file.span)
    let all = try frames { try whole.next() }
    var growing = IVFReader()
    var grown: [EncodedFrame] = []
    for count in 0..<file.count {
      growing.append(file.span.extracting(count..<count + 1))
      while let frame = try growing.next() { grown.append(frame) }
      guard count < 2500 || count % 5 == 0 else { continue }
      var reader = IVFReader(parsing: file.span.extracting(first: count))
      var found: [EncodedFrame] = []
      do throws(MediaFileError) {
        while let frame = try reader.next() { found.append(frame) }
        // Between frames nothing tells that there should be more.
        #expect(count >= 32)
      } catch {
        #expect(error == .truncated)
      }
      let isPrefix = all.starts(with: found)
      #expect(isPrefix)
      #expect(grown.count - found.count <= 1)
    }
    let isSame = grown == all
    #expect(isSame)
  }

  @Test(arguments: streams)
  func `a byte stream may come byte by byte, and end anywhere`(
    name: String, codec: MediaCodec
  ) throws {
    let file = try sample(name)
    var whole = try #require(AnnexBReader(codec: codec, framesPerSecond: 25))
    whole.append(file.span)
    whole.finish()
    let all = try frames { try whole.next() }
    var growing = try #require(AnnexBReader(codec: codec, framesPerSecond: 25))
    var grown: [EncodedFrame] = []
    for count in file.indices {
      growing.append(file.span.extracting(count..<count + 1))
      while let frame = try growing.next() { grown.append(frame) }
      guard count > 3, count % 7 == 0 else { continue }
      var cut = try #require(AnnexBReader(codec: codec, framesPerSecond: 25))
      cut.append(file.span.extracting(first: count))
      cut.finish()
      let found = try frames { try cut.next() }
      let isPrefix = found.flatMap(\.bytes) == Array(file[..<count])
      #expect(isPrefix)
    }
    growing.finish()
    while let frame = try growing.next() { grown.append(frame) }
    let isSame = grown == all
    #expect(isSame)
  }

  @Test(arguments: ["opus.ogg", "opus-short-pages.ogg"])
  func `an Ogg file cut anywhere gives the whole pages before, and an error`(
    name: String
  ) throws {
    let file = try sample(name)
    var whole = OggOpusReader(parsing: file.span)
    let all = try frames { try whole.next() }
    var growing = OggOpusReader()
    var grown: [EncodedFrame] = []
    for count in file.indices {
      growing.append(file.span.extracting(count..<count + 1))
      while let frame = try growing.next() { grown.append(frame) }
      // Every length where there is a page for each packet, some where pages are long.
      guard name == "opus-short-pages.ogg" || count % 11 == 0 else { continue }
      var reader = OggOpusReader(parsing: file.span.extracting(first: count))
      var found: [EncodedFrame] = []
      do throws(MediaFileError) {
        while let frame = try reader.next() { found.append(frame) }
        #expect(reader.tags != nil)
      } catch {
        #expect(error == .truncated)
      }
      let isPrefix = all.starts(with: found)
      #expect(isPrefix)
    }
    let isSame = grown == all
    #expect(isSame)
  }
}
