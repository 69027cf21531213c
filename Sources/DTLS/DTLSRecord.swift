import Wire

/// What a record carries (RFC 5246 §6.2.1).
enum ContentType: UInt8 {
  case changeCipherSpec = 20
  case alert = 21
  case handshake = 22
  case applicationData = 23
}

/// A view of one record in a datagram (RFC 6347 §4.1).
///
/// ```
///  type (1) | version (2) | epoch (2) | sequence number (6) | length (2) | fragment
/// ```
struct DTLSRecord: ~Escapable {
  static let headerByteCount = 13
  /// Explicit nonce and tag of an encrypted fragment (RFC 5288 §3).
  static let protectionByteCount = 8 + 16

  let type: ContentType
  let epoch: UInt16
  /// Header and fragment.
  let bytes: Span<UInt8>
  let fragment: Span<UInt8>

  /// Takes the next record off `reader`.
  ///
  /// Returns `nil` at the end, at a cut record and at one of unknown type or version: what follows
  /// those in a datagram is not to be trusted either.
  @_lifetime(copy reader)
  init?(parsing reader: inout ByteReader) {
    let start = reader.remaining
    guard let header = try? Self.readHeader(&reader), let fragment = try? reader.take(header.count)
    else { return nil }
    type = header.type
    epoch = header.epoch
    bytes = start.extracting(first: Self.headerByteCount + header.count)
    self.fragment = fragment
  }

  private static func readHeader(
    _ reader: inout ByteReader
  ) throws(Truncated) -> (type: ContentType, epoch: UInt16, count: Int) {
    let type = ContentType(rawValue: try reader.readUInt8())
    let majorVersion = try reader.readUInt8()
    try reader.skip(1)
    let epoch = try reader.readUInt16()
    try reader.skip(6)
    let count = try reader.readUInt16()
    guard let type, majorVersion == 254 else { throw Truncated() }
    return (type, epoch, Int(count))
  }
}
