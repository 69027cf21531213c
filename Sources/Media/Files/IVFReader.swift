import Wire

/// Reads the frames of an IVF file, whose bytes may come in pieces of any length.
public struct IVFReader: Sendable {
  /// The longest frame that is read by default.
  public static let defaultFrameLimit = 16 << 20

  /// The header, once it has been read.
  public private(set) var header: IVFHeader?
  private let frameLimit: Int
  private var pending = PendingBytes()

  /// A reader that takes bytes with `append`. A longer frame than `maximumFrameSize` is an error.
  public init(maximumFrameSize: Int = defaultFrameLimit) { frameLimit = maximumFrameSize }

  /// A reader of a whole file.
  public init(parsing file: Span<UInt8>, maximumFrameSize: Int = defaultFrameLimit) {
    self.init(maximumFrameSize: maximumFrameSize)
    append(file)
    finish()
  }

  /// Takes the next bytes of the file. What is not read yet is held.
  public mutating func append(_ bytes: Span<UInt8>) { pending.append(bytes) }

  /// Tells that the file ends here.
  public mutating func finish() { pending.finish() }

  /// The next frame; nil at the end, or where more bytes are needed. Its timestamp counts at 90 kHz.
  ///
  /// A file that ends within a frame gives all frames before, and then `truncated`.
  public mutating func next() throws(MediaFileError) -> EncodedFrame? {
    guard let header = try readHeader() else { return try end() }
    while true {
      guard pending.count >= 12 else { return try end() }
      var reader = FieldReader(pending.span)
      guard let size = try? reader.readUInt32(), let time = try? reader.readUInt64()
      else { return nil }
      guard Int(size) <= frameLimit else { throw .tooLong }
      let count = 12 + Int(size)
      guard pending.count >= count else { return try end() }
      let bytes = pending.copy(12..<count)
      pending.consume(count)
      guard !bytes.isEmpty else { continue }
      let ticks = UInt128(time) * UInt128(header.scale) * 90_000 / UInt128(header.rate)
      return EncodedFrame(
        bytes: bytes, timestamp: UInt32(truncatingIfNeeded: ticks),
        isKeyFrame: header.codec.isKeyFrame(bytes.span))
    }
  }

  private mutating func readHeader() throws(MediaFileError) -> IVFHeader? {
    if let header { return header }
    guard let (found, count) = try IVFHeader.parse(pending.span) else { return nil }
    pending.consume(count)
    header = found
    return found
  }

  private func end() throws(MediaFileError) -> EncodedFrame? {
    guard pending.isFinished, !pending.isEmpty || header == nil else { return nil }
    throw .truncated
  }
}
