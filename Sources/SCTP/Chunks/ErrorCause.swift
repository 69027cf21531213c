internal import Wire

/// Why a chunk was not taken or the association ends (RFC 9260 §3.3.10).
struct ErrorCause: Hashable, Sendable {
  /// The number of a cause.
  struct Code: RawRepresentable, Hashable, Sendable {
    let rawValue: UInt16

    static let invalidStream = Self(rawValue: 1)
    static let missingParameter = Self(rawValue: 2)
    static let staleCookie = Self(rawValue: 3)
    static let outOfResources = Self(rawValue: 4)
    static let unrecognizedChunk = Self(rawValue: 6)
    static let invalidParameter = Self(rawValue: 7)
    static let unrecognizedParameters = Self(rawValue: 8)
    static let noUserData = Self(rawValue: 9)
    static let cookieWhileShuttingDown = Self(rawValue: 10)
    static let userInitiatedAbort = Self(rawValue: 12)
    static let protocolViolation = Self(rawValue: 13)
  }

  var code: Code
  var value: [UInt8] = []

  /// Length with the four bytes every cause begins with.
  var length: Int { 4 + value.count }
  /// Bytes on the wire, padding included.
  var byteCount: Int { padded(length) }

  /// The cause of data on a stream that does not exist (RFC 9260 §3.3.10.1).
  static func invalidStream(_ stream: UInt16) -> ErrorCause {
    ErrorCause(code: .invalidStream, value: bytes(stream) + [0, 0])
  }

  /// The cause of a cookie that is too old, by so many microseconds (RFC 9260 §3.3.10.3).
  static func staleCookie(by staleness: Duration) -> ErrorCause {
    let microseconds = UInt32(clamping: staleness.microseconds)
    return ErrorCause(
      code: .staleCookie,
      value: bytes(UInt16(microseconds >> 16)) + bytes(UInt16(truncatingIfNeeded: microseconds)))
  }

  /// The cause of data without bytes (RFC 9260 §3.3.10.9).
  static func noUserData(_ tsn: UInt32) -> ErrorCause {
    ErrorCause(
      code: .noUserData,
      value: bytes(UInt16(tsn >> 16)) + bytes(UInt16(truncatingIfNeeded: tsn)))
  }

  /// A mandatory parameter that is missing (RFC 9260 §3.3.10.2).
  static func missing(_ type: ParameterType) -> ErrorCause {
    ErrorCause(code: .missingParameter, value: [0, 0, 0, 1] + bytes(type.rawValue))
  }

  private static func bytes(_ value: UInt16) -> [UInt8] {
    [UInt8(value >> 8), UInt8(truncatingIfNeeded: value)]
  }

  /// The code of the first cause in what follows the chunk header of ABORT or ERROR, if any.
  static func firstCode(in value: Span<UInt8>) -> UInt16 {
    var reader = ByteReader(value)
    guard let cause = try? Parameter.read(from: &reader) else { return 0 }
    return cause.type.rawValue
  }
}

extension OutputSpan<UInt8> {
  /// Appends an error cause.
  @_lifetime(self: copy self)
  mutating func append(_ cause: ErrorCause) {
    appendParameter(cause.code.rawValue, length: cause.length)
    append(copying: cause.value.span)
    appendPadding(after: cause.value.count)
  }

  /// Appends ERROR (RFC 9260 §3.3.10).
  @_lifetime(self: copy self)
  mutating func appendError(_ causes: [ErrorCause]) {
    appendChunk(.error, length: 4 + joined(causes.map(\.length)))
    for cause in causes { append(cause) }
  }

  /// Appends ABORT (RFC 9260 §3.3.7). `isReflected` says that the tag is the other side's own.
  @_lifetime(self: copy self)
  mutating func appendAbort(_ cause: ErrorCause?, isReflected: Bool = false) {
    appendChunk(.abort, flags: isReflected ? 1 : 0, length: 4 + (cause?.length ?? 0))
    if let cause { append(cause) }
  }
}
