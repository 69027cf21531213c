import Media
import Wire

/// Any bytes as a media file, whole and in pieces: both must give the same, and what is read is written and read again.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzMediaFiles(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  // unsafe: libFuzzer vouches for `count` bytes during the call.
  let file = unsafe Array(UnsafeBufferPointer(start: start, count: count))
  let pieceSize = file.count % 61 + 1
  if file.starts(with: "DKIF".utf8) {
    checkIVF(file, pieceSize: pieceSize)
  } else if file.starts(with: "OggS".utf8) {
    checkOgg(file, pieceSize: pieceSize)
  } else {
    checkByteStream(file, codec: .h264, pieceSize: pieceSize)
    checkByteStream(file, codec: .h265, pieceSize: pieceSize)
  }
  return 0
}

private typealias Outcome = (frames: [EncodedFrame], error: MediaFileError?)

/// Hands the file in piece by piece and reads all the time.
private func read<Reader>(
  _ file: [UInt8], pieceSize: Int, _ reader: inout Reader,
  append: (inout Reader, Span<UInt8>) -> Void, finish: (inout Reader) -> Void,
  next: (inout Reader) throws(MediaFileError) -> EncodedFrame?
) -> Outcome {
  var frames: [EncodedFrame] = []
  do throws(MediaFileError) {
    var position = 0
    while position < file.count {
      let end = min(position + pieceSize, file.count)
      append(&reader, file.span.extracting(position..<end))
      position = end
      while let frame = try next(&reader) { frames.append(frame) }
    }
    finish(&reader)
    while let frame = try next(&reader) { frames.append(frame) }
  } catch {
    return (frames, error)
  }
  return (frames, nil)
}

private func checkIVF(_ file: [UInt8], pieceSize: Int) {
  func outcome(_ file: [UInt8], _ pieceSize: Int) -> (Outcome, IVFHeader?) {
    var reader = IVFReader(maximumFrameSize: 2000)
    let outcome = read(
      file, pieceSize: pieceSize, &reader, append: { $0.append($1) }, finish: { $0.finish() },
      next: { (reader) throws(MediaFileError) in try reader.next() })
    return (outcome, reader.header)
  }
  let (whole, header) = outcome(file, max(file.count, 1))
  precondition(whole == outcome(file, pieceSize).0)
  guard let header, var writer = IVFWriter(header: header, origin: 0), !whole.frames.isEmpty
  else { return }
  let written = whole.frames.flatMap { writer.write($0) }
  precondition(outcome(written, 4096).0.frames.map(\.bytes) == whole.frames.map(\.bytes))
}

private func checkOgg(_ file: [UInt8], pieceSize: Int) {
  func outcome(_ file: [UInt8], _ pieceSize: Int) -> (Outcome, OggOpusReader) {
    var reader = OggOpusReader(maximumPacketSize: 2000)
    let outcome = read(
      file, pieceSize: pieceSize, &reader, append: { $0.append($1) }, finish: { $0.finish() },
      next: { (reader) throws(MediaFileError) in try reader.next() })
    return (outcome, reader)
  }
  // Pages are sealed, so that what is in them is looked at.
  let file = sealed(file)
  let (whole, reader) = outcome(file, max(file.count, 1))
  precondition(whole == outcome(file, pieceSize).0)
  guard let head = reader.head, let tags = reader.tags else { return }
  var writer = OggOpusWriter(head: head, tags: tags)
  var written = whole.frames.flatMap { writer.write($0) }
  written += writer.finish()
  let again = outcome(written, 4096).0
  precondition(again.error == nil || again.error == .tooLong)
  precondition(again.error != nil || again.frames.map(\.bytes) == whole.frames.map(\.bytes))
}

/// `file` with the checksums of all its pages put right.
private func sealed(_ file: [UInt8]) -> [UInt8] {
  var file = file
  var position = 0
  while position + 27 <= file.count, position + 27 + Int(file[position + 26]) <= file.count {
    let table = position + 27..<position + 27 + Int(file[position + 26])
    let end = file[table].reduce(table.upperBound) { $0 + Int($1) }
    guard end <= file.count else { return file }
    for index in 22..<26 { file[position + index] = 0 }
    var checksum: UInt32 = 0
    for byte in file[position..<end] {
      checksum ^= UInt32(byte) << 24
      for _ in 0..<8 {
        checksum = checksum >> 31 == 1 ? checksum << 1 ^ 0x04c1_1db7 : checksum << 1
      }
    }
    for index in 0..<4 {
      file[position + 22 + index] = UInt8(truncatingIfNeeded: checksum >> (8 * index))
    }
    position = end
  }
  return file
}

private func checkByteStream(_ file: [UInt8], codec: MediaCodec, pieceSize: Int) {
  func outcome(_ pieceSize: Int) -> Outcome {
    guard var reader = AnnexBReader(codec: codec, framesPerSecond: 30) else { return ([], nil) }
    return read(
      file, pieceSize: pieceSize, &reader, append: { $0.append($1) }, finish: { $0.finish() },
      next: { (reader) throws(MediaFileError) in try reader.next() })
  }
  let whole = outcome(max(file.count, 1))
  precondition(whole == outcome(pieceSize))
  guard whole.error == nil else { return }
  precondition(whole.frames.flatMap(\.bytes) == file)
  for frame in whole.frames { precondition(AnnexBWriter().write(frame) == frame.bytes) }
}
