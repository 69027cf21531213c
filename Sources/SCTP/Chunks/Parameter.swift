internal import Wire

/// The type of a parameter in INIT, INIT ACK or RE-CONFIG (RFC 9260 §3.2.1).
struct ParameterType: RawRepresentable, Hashable, Sendable {
  let rawValue: UInt16

  static let ipv4Address = Self(rawValue: 5)
  static let ipv6Address = Self(rawValue: 6)
  static let stateCookie = Self(rawValue: 7)
  static let unrecognized = Self(rawValue: 8)
  static let cookiePreservative = Self(rawValue: 9)
  static let supportedAddressTypes = Self(rawValue: 12)
  static let outgoingReset = Self(rawValue: 13)
  static let incomingReset = Self(rawValue: 14)
  static let associationReset = Self(rawValue: 15)
  static let reconfigurationResponse = Self(rawValue: 16)
  static let addOutgoingStreams = Self(rawValue: 17)
  static let addIncomingStreams = Self(rawValue: 18)
  static let zeroChecksumAcceptable = Self(rawValue: 0x8001)
  static let supportedExtensions = Self(rawValue: 0x8008)
  static let forwardTSNSupported = Self(rawValue: 0xc000)

  /// What the two highest bits ask of a receiver that does not know the parameter: go on with the
  /// next one, or leave the rest of the chunk alone.
  var isSkippedWhereUnknown: Bool { rawValue & 0x8000 != 0 }
  /// Whether such a receiver tells the sender.
  var isReportedWhereUnknown: Bool { rawValue & 0x4000 != 0 }
}

/// One parameter or error cause: type, length, value.
struct Parameter: ~Escapable {
  let type: ParameterType
  /// What follows type and length, without padding.
  let value: Span<UInt8>
  /// The parameter as it came.
  let whole: Span<UInt8>

  /// Takes the next parameter. A length below four or beyond the end is `Truncated`; the padding of
  /// the last one may be missing.
  @_lifetime(copy reader)
  static func read(from reader: inout ByteReader) throws(Truncated) -> Parameter {
    var header = reader
    let type = ParameterType(rawValue: try header.readUInt16())
    let length = Int(try header.readUInt16())
    guard length >= 4 else { throw Truncated() }
    let whole = try reader.take(length)
    try reader.skip(min(padded(length) - length, reader.remainingCount))
    return Parameter(type: type, whole: whole)
  }

  @_lifetime(copy whole)
  private init(type: ParameterType, whole: Span<UInt8>) {
    self.type = type
    self.whole = whole
    value = whole.extracting(droppingFirst: 4)
  }
}
