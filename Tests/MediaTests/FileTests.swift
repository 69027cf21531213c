import ByteFixtures
import Media
import Testing
import Wire

@Suite struct IVFTests {
  private let header = IVFHeader(
    codec: .vp9, size: FrameSize(width: 640, height: 360), rate: 30, scale: 1)

  @Test func `a file is a header and frames, little endian`() throws {
    var writer = try #require(IVFWriter(header: header))
    let first = writer.write(EncodedFrame(bytes: [0x82, 1, 2], timestamp: 7))
    #expect(
      first
        == bytes("444b4946 0000 2000 56503930 8002 6801 1e000000 01000000 00000000 00000000")
        + bytes("03000000 0000000000000000 820102"))
    let second = writer.write(EncodedFrame(bytes: [0x86], timestamp: 7 &+ 3000))
    #expect(second == bytes("01000000 0100000000000000 86"))
    #expect(writer.header.frameCount == 2)
    #expect(writer.header.bytes[24..<28] == [2, 0, 0, 0])
  }

  @Test func `time goes on where RTP timestamps wrap, and rounds to the unit`() throws {
    var writer = try #require(IVFWriter(header: header))
    _ = writer.write(EncodedFrame(bytes: [1], timestamp: .max - 1000))
    let later = writer.write(EncodedFrame(bytes: [1], timestamp: 2100))
    #expect(later[4..<12] == [1, 0, 0, 0, 0, 0, 0, 0])
    var absolute = try #require(IVFWriter(header: header, origin: 0))
    #expect(
      absolute.write(EncodedFrame(bytes: [1], timestamp: 9000))[36..<44] == [
        3, 0, 0, 0, 0, 0, 0, 0,
      ])
  }

  @Test func `what cannot be written or read is told`() throws {
    let size = FrameSize(width: 1, height: 1)
    #expect(IVFWriter(header: IVFHeader(codec: .h264, size: size)) == nil)
    let good = header.bytes
    for (index, value, error) in [
      (0, 0x45, .notThisFormat), (4, 1, .unsupported), (8, 0x58, .unsupported), (6, 31, .malformed),
      (16, 0, .malformed), (20, 0, .malformed),
    ] as [(Int, UInt8, MediaFileError)] {
      var bad = good
      bad[index] = value
      #expect(throws: error) {
        var reader = IVFReader(parsing: bad.span)
        _ = try reader.next()
      }
    }
    #expect(throws: MediaFileError.tooLong) {
      var reader = IVFReader(parsing: (good + bytes("ffffffff 0000000000000000")).span)
      _ = try reader.next()
    }
  }

  @Test func `a longer header is passed over, and frames of nothing`() throws {
    var file = header.bytes + [9, 9]
    file[6] = 34
    file += bytes("00000000 0000000000000000 01000000 ffffffffffffffff 86")
    var reader = IVFReader(parsing: file.span)
    let frame = try reader.next()
    #expect(frame?.bytes == [0x86])
    #expect(try reader.next() == nil)
  }
}

@Suite struct OggTests {
  /// A page as RFC 3533 §6 draws it, with its checksum.
  private func page(
    flags: UInt8, granule: UInt64, serial: UInt8 = 1, number: UInt8, packets: [[UInt8]]
  ) -> [UInt8] {
    var page = Array("OggS".utf8) + [0, flags]
    page += (0..<8).map { UInt8(truncatingIfNeeded: granule >> (8 * $0)) }
    page += [serial, 0, 0, 0, number, 0, 0, 0, 0, 0, 0, 0]
    let segments = packets.flatMap { packet in
      [UInt8](repeating: 255, count: packet.count / 255) + [UInt8(packet.count % 255)]
    }
    page += [UInt8(segments.count)] + segments + packets.flatMap { $0 }
    return sealed(page)
  }

  private func sealed(_ page: [UInt8]) -> [UInt8] {
    var checksum: UInt32 = 0
    for byte in page {
      checksum ^= UInt32(byte) << 24
      for _ in 0..<8 {
        checksum = checksum >> 31 == 1 ? checksum << 1 ^ 0x04c1_1db7 : checksum << 1
      }
    }
    var page = page
    for index in 0..<4 { page[22 + index] = UInt8(truncatingIfNeeded: checksum >> (8 * index)) }
    return page
  }

  private let head = Array("OpusHead".utf8) + bytes("01 02 3801 80bb0000 0000 00")
  private let tags = Array("OpusTags".utf8) + bytes("01000000 78 01000000 03000000 413d62")

  private func start(serial: UInt8 = 1) -> [UInt8] {
    page(flags: 2, granule: 0, serial: serial, number: 0, packets: [head])
      + page(flags: 0, granule: 0, serial: serial, number: 1, packets: [tags])
  }

  private func frames(_ file: [UInt8]) throws -> (OggOpusReader, [EncodedFrame]) {
    var reader = OggOpusReader(parsing: file.span)
    var frames: [EncodedFrame] = []
    while let frame = try reader.next() { frames.append(frame) }
    return (reader, frames)
  }

  @Test func `headers and packets are read, and the end is told`() throws {
    let file =
      start() + page(flags: 0, granule: 1920, number: 2, packets: [[0xf8, 1], [0xf8, 2]])
      + page(flags: 4, granule: 2500, number: 3, packets: [[0xf8, 3]])
    let (reader, found) = try frames(file)
    #expect(reader.head == OpusHead())
    #expect(reader.tags == OpusTags(vendor: "x", comments: ["A=b"]))
    #expect(found.map(\.timestamp) == [0, 960, 1920])
    #expect(reader.endGranule == 2500)
    var writer = OggOpusWriter(
      head: OpusHead(), tags: OpusTags(vendor: "x", comments: ["A=b"]), pageDuration: 1920)
    var written = found.flatMap { writer.write($0) }
    written += writer.finish(endGranule: 2500)
    let isSame = written == file
    #expect(isSame)
  }

  @Test func `a stream that starts late or has gaps keeps its time`() throws {
    let file =
      start() + page(flags: 0, granule: 96_000, number: 2, packets: [[0xf8, 1]])
      + page(flags: 0, granule: 192_000, number: 3, packets: [[0xf8, 1]])
    #expect(try frames(file).1.map(\.timestamp) == [95_040, 191_040])
    var writer = OggOpusWriter()
    var written = writer.write(EncodedFrame(bytes: [0xf8, 1], timestamp: .max - 959))
    written += writer.write(EncodedFrame(bytes: [0xf8, 1], timestamp: 9600))
    written += writer.finish()
    let (reader, found) = try frames(written)
    #expect(found.map(\.timestamp) == [0, 10_560])
    #expect(reader.endGranule == 11_520)
  }

  @Test func `a packet over several pages is put together`() throws {
    let long = [UInt8](repeating: 0x20, count: 70_000)
    var comments = OpusTags(vendor: "x")
    comments.comments = [String(decoding: long, as: UTF8.self)]
    var writer = OggOpusWriter(tags: comments)
    var file = writer.write(EncodedFrame(bytes: [0xf8, 1], timestamp: 0))
    file += writer.finish()
    let (reader, found) = try frames(file)
    #expect(reader.tags == comments)
    #expect(found.count == 1)
    #expect(throws: MediaFileError.tooLong) {
      var reader = OggOpusReader(parsing: file.span, maximumPacketSize: 1000)
      _ = try reader.next()
    }
  }

  @Test func `other streams are passed over`() throws {
    let other = page(flags: 2, granule: 0, serial: 9, number: 0, packets: [[1, 2, 3]])
    let file =
      other + start() + page(flags: 0, granule: 5, serial: 9, number: 1, packets: [[0xf8]])
      + page(flags: 4, granule: 960, number: 2, packets: [[0xf8, 1]]) + start(serial: 3)
    #expect(try frames(file).1.map(\.bytes) == [[0xf8, 1]])
  }

  @Test func `a packet whose start is missing is left out`() throws {
    let file =
      start() + page(flags: 1, granule: 1920, number: 3, packets: [[0xf8, 1], [0xf8, 2]])
    #expect(try frames(file).1.map(\.bytes) == [[0xf8, 2]])
  }

  @Test func `a flipped bit anywhere in a page is noticed`() throws {
    let file = start() + page(flags: 4, granule: 960, number: 2, packets: [[0xf8, 1]])
    for index in file.indices {
      var broken = file
      broken[index] ^= 0x10
      #expect(throws: MediaFileError.self, "\(index)") { _ = try frames(broken) }
    }
  }

  @Test func `headers that contradict themselves are refused`() {
    for (index, value) in [(9, 0), (9, 3), (18, 1), (8, 0x10)] as [(Int, UInt8)] {
      var bad = head
      bad[index] = value
      #expect(throws: MediaFileError.self) {
        _ = try frames(page(flags: 2, granule: 0, number: 0, packets: [bad]))
      }
    }
    for count in 8..<tags.count {
      let cut = Array(tags.prefix(count))
      #expect(throws: MediaFileError.malformed) {
        _ = try frames(
          page(flags: 2, granule: 0, number: 0, packets: [head])
            + page(flags: 0, granule: 0, number: 1, packets: [cut]))
      }
    }
    #expect(throws: MediaFileError.truncated) { _ = try frames([]) }
    #expect(throws: MediaFileError.malformed) {
      _ = try frames(page(flags: 0, granule: 0, number: 0, packets: [head]))
    }
  }

  @Test func `what is no Opus is not written, and a file without audio is whole`() throws {
    var writer = OggOpusWriter()
    #expect(writer.write(EncodedFrame(bytes: [], timestamp: 0)) == [])
    #expect(writer.write(EncodedFrame(bytes: [0xff, 0], timestamp: 0)) == [])
    let (reader, found) = try frames(writer.finish())
    #expect(found.isEmpty)
    #expect(reader.endGranule == 0)
  }
}

@Suite struct AnnexBTests {
  private func units(_ file: String, _ codec: MediaCodec = .h264) throws -> [[UInt8]] {
    var reader = try #require(AnnexBReader(codec: codec, framesPerSecond: 30))
    reader.append(bytes(file).span)
    reader.finish()
    var found: [[UInt8]] = []
    while let frame = try reader.next() { found.append(frame.bytes) }
    return found
  }

  @Test func `an access unit starts in front of its delimiter, sets and messages`() throws {
    #expect(
      try units("00000001 09f0 00000001 6742 000001 65b8 000001 6501 00000001 09f0 000001 41e0")
        == [
          bytes("00000001 09f0 00000001 6742 000001 65b8 000001 6501"),
          bytes("00000001 09f0 000001 41e0"),
        ])
    #expect(
      try units("000001 65b8 000001 0605 000001 41e0")
        == [bytes("000001 65b8"), bytes("000001 0605 000001 41e0")])
  }

  @Test func `without them it starts with the first slice of a picture`() throws {
    #expect(
      try units("00000001 65b8 000001 6540 00000001 41e0 000001 4140")
        == [bytes("00000001 65b8 000001 6540"), bytes("00000001 41e0 000001 4140")])
    #expect(
      try units("00000001 2801 80 000001 2801 40 00000001 0201 80 000001 5001 80", .h265)
        == [bytes("00000001 2801 80 000001 2801 40"), bytes("00000001 0201 80 000001 5001 80")])
  }

  @Test func `upper layers of H265 go on with the access unit`() throws {
    #expect(try units("000001 2801 80 000001 2809 80 000001 4209 01", .h265).count == 1)
    #expect(try units("000001 2801 80 000001 4201 01 000001 2801 80", .h265).count == 2)
  }

  @Test func `what is no byte stream is told`() {
    #expect(throws: MediaFileError.notThisFormat) { _ = try units("0102030405") }
    #expect(throws: MediaFileError.notThisFormat) { _ = try units("01 000001 65b8") }
    #expect(throws: MediaFileError.notThisFormat) { _ = try units("0000") }
    #expect(AnnexBReader(codec: .vp8, framesPerSecond: 30) == nil)
    #expect(AnnexBReader(codec: .h264, framesPerSecond: 0) == nil)
    #expect(AnnexBReader(codec: .h264, framesPerSecond: .nan) == nil)
    #expect(AnnexBReader(codec: .h264, framesPerSecond: .leastNonzeroMagnitude) == nil)
    #expect(AnnexBWriter().write(EncodedFrame(bytes: [1, 2], timestamp: 0)) == [])
  }

  @Test func `an access unit past the limit is refused`() throws {
    var reader = try #require(
      AnnexBReader(codec: .h264, framesPerSecond: 30, maximumFrameSize: 100))
    reader.append(bytes("000001 65b8").span)
    #expect(try reader.next() == nil)
    reader.append([UInt8](repeating: 7, count: 100).span)
    #expect(throws: MediaFileError.tooLong) { _ = try reader.next() }
  }

  @Test func `frames follow each other at the rate told`() throws {
    var reader = try #require(AnnexBReader(codec: .h264, framesPerSecond: 29.97))
    for _ in 0..<4 { reader.append(bytes("000001 65b8").span) }
    reader.finish()
    var times: [UInt32] = []
    while let frame = try reader.next() { times.append(frame.timestamp) }
    #expect(times == [0, 3003, 6006, 9009])
  }
}
