internal import Wire

/// What stands before the bytes in DATA (RFC 9260 §3.3.1) and I-DATA (RFC 8260 §2.1).
struct DataHeader: Hashable, Sendable {
  /// The flag byte of both chunks.
  struct Flags: OptionSet, Hashable, Sendable {
    let rawValue: UInt8

    /// The last fragment of a message.
    static let end = Self(rawValue: 1)
    /// The first fragment of a message.
    static let beginning = Self(rawValue: 2)
    /// The message is delivered as soon as it is whole.
    static let unordered = Self(rawValue: 4)
    /// The receiver is asked to acknowledge at once.
    static let immediate = Self(rawValue: 8)
  }

  var tsn: UInt32
  var stream: UInt16
  /// DATA's stream sequence number (16 bits, unused where unordered), or I-DATA's message identifier.
  var messageNumber: UInt32
  /// Counts the fragments of a message in I-DATA; 0 in DATA.
  var fragmentNumber: UInt32 = 0
  /// In I-DATA only the first fragment carries it; 0 in the others.
  var identifier: PayloadProtocolIdentifier
  var flags: Flags

  /// Bytes before the payload, chunk header included.
  static func byteCount(isInterleaved: Bool) -> Int { isInterleaved ? 20 : 16 }

  /// Reads what follows the chunk header; the payload remains in `reader`.
  static func read(
    from reader: inout ByteReader, flags: UInt8, isInterleaved: Bool
  ) throws(Truncated) -> DataHeader {
    let flags = Flags(rawValue: flags)
    let tsn = try reader.readUInt32()
    let stream = try reader.readUInt16()
    guard isInterleaved else {
      let number = UInt32(try reader.readUInt16())
      let identifier = PayloadProtocolIdentifier(rawValue: try reader.readUInt32())
      return DataHeader(
        tsn: tsn, stream: stream, messageNumber: number, identifier: identifier, flags: flags)
    }
    try reader.skip(2)
    let number = try reader.readUInt32()
    let word = try reader.readUInt32()
    let isFirst = flags.contains(.beginning)
    return DataHeader(
      tsn: tsn, stream: stream, messageNumber: number, fragmentNumber: isFirst ? 0 : word,
      identifier: PayloadProtocolIdentifier(rawValue: isFirst ? word : 0), flags: flags)
  }
}

/// A DATA or I-DATA chunk to be sent: its header, and where its bytes lie in the message.
struct DataChunk: Sendable {
  var header: DataHeader
  /// A part of the message's own array, not a copy.
  var payload: ArraySlice<UInt8>

  /// Bytes on the wire, padding included.
  func byteCount(isInterleaved: Bool) -> Int {
    padded(DataHeader.byteCount(isInterleaved: isInterleaved) + payload.count)
  }
}

extension OutputSpan<UInt8> {
  /// Appends DATA, or I-DATA where the association interleaves.
  @_lifetime(self: copy self)
  mutating func append(_ chunk: DataChunk, isInterleaved: Bool) {
    let header = chunk.header
    let length = DataHeader.byteCount(isInterleaved: isInterleaved) + chunk.payload.count
    appendChunk(
      isInterleaved ? .interleavedData : .data, flags: header.flags.rawValue, length: length)
    append(bigEndian: header.tsn)
    append(bigEndian: header.stream)
    if isInterleaved {
      append(bigEndian: 0 as UInt16)
      append(bigEndian: header.messageNumber)
      append(
        bigEndian: header.flags.contains(.beginning)
          ? header.identifier.rawValue : header.fragmentNumber)
    } else {
      append(bigEndian: UInt16(truncatingIfNeeded: header.messageNumber))
      append(bigEndian: header.identifier.rawValue)
    }
    append(copying: chunk.payload.span)
    appendPadding(after: length)
  }
}
