internal import Wire

/// One chunk of a packet.
struct Chunk: ~Escapable {
  let type: ChunkType
  let flags: UInt8
  /// What follows the chunk header, without padding.
  let value: Span<UInt8>
  /// The chunk as it came, header included, to be told back where it is unknown.
  let whole: Span<UInt8>

  @_lifetime(copy whole)
  init(type: ChunkType, flags: UInt8, whole: Span<UInt8>) {
    self.type = type
    self.flags = flags
    self.whole = whole
    value = whole.extracting(droppingFirst: 4)
  }
}

/// Walks the chunks of a packet (RFC 9260 §3.2).
struct ChunkReader: ~Escapable {
  private var reader: ByteReader

  /// A reader of what follows the common header.
  @_lifetime(copy reader)
  init(_ reader: ByteReader) { self.reader = reader }

  /// Whether no bytes are left.
  var isAtEnd: Bool { reader.isAtEnd }

  /// Takes the next chunk. A length below four or beyond the packet is `Truncated`; the padding of
  /// the last chunk may be missing.
  @_lifetime(copy self)
  mutating func next() throws(Truncated) -> Chunk {
    var header = reader
    let type = ChunkType(rawValue: try header.readUInt8())
    let flags = try header.readUInt8()
    let length = Int(try header.readUInt16())
    guard length >= 4 else { throw Truncated() }
    let whole = try reader.take(length)
    try reader.skip(min(padded(length) - length, reader.remainingCount))
    return Chunk(type: type, flags: flags, whole: whole)
  }
}
