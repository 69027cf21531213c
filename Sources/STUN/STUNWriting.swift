import Cryptography
public import Wire

/// Writing a message: header first, then attributes, then `finishSTUN`.
///
/// The message starts where the output was empty: these methods want an output of its own, as
/// `Outbox.append` and `[UInt8](capacity:initializingWith:)` give it. Whoever calls them reserves the
/// room: 20 bytes, 4 more than the value's padded length for each attribute, 24 for
/// MESSAGE-INTEGRITY and 8 for FINGERPRINT. Padding is always zero.
extension OutputSpan<UInt8> {
  /// Appends the header (RFC 8489 §5).
  @_lifetime(self: copy self)
  public mutating func beginSTUN(
    _ messageClass: STUNClass, _ transactionID: STUNTransactionID, method: STUNMethod = .binding
  ) {
    append(bigEndian: STUNHeader.type(messageClass, method))
    append(bigEndian: 0 as UInt16)
    append(bigEndian: STUNHeader.magicCookie)
    append(bigEndian: transactionID.high)
    append(bigEndian: transactionID.low)
  }

  /// Appends an attribute with any value of less than 64 KiB.
  @_lifetime(self: copy self)
  public mutating func appendSTUN(_ type: STUNAttributeType, _ value: Span<UInt8>) {
    append(bigEndian: type.rawValue)
    append(bigEndian: UInt16(truncatingIfNeeded: value.count))
    append(copying: value)
    append(repeating: 0, count: STUNMessage.paddingCount(value.count))
  }

  /// Appends an attribute with text.
  @_lifetime(self: copy self)
  public mutating func appendSTUN(_ type: STUNAttributeType, _ text: String) {
    append(bigEndian: type.rawValue)
    append(bigEndian: UInt16(truncatingIfNeeded: text.utf8.count))
    for byte in text.utf8 { append(byte) }
    append(repeating: 0, count: STUNMessage.paddingCount(text.utf8.count))
  }

  /// Appends an attribute without a value.
  @_lifetime(self: copy self)
  public mutating func appendSTUN(_ type: STUNAttributeType) {
    append(bigEndian: type.rawValue)
    append(bigEndian: 0 as UInt16)
  }

  /// Appends an attribute with a 32-bit number.
  @_lifetime(self: copy self)
  public mutating func appendSTUN(_ type: STUNAttributeType, _ value: UInt32) {
    append(bigEndian: type.rawValue)
    append(bigEndian: 4 as UInt16)
    append(bigEndian: value)
  }

  /// Appends an attribute with a 64-bit number.
  @_lifetime(self: copy self)
  public mutating func appendSTUN(_ type: STUNAttributeType, _ value: UInt64) {
    append(bigEndian: type.rawValue)
    append(bigEndian: 8 as UInt16)
    append(bigEndian: value)
  }

  /// Appends an attribute built like XOR-MAPPED-ADDRESS (RFC 8489 §14.2).
  @_lifetime(self: copy self)
  public mutating func appendSTUN(
    _ type: STUNAttributeType, xor address: TransportAddress, _ transactionID: STUNTransactionID
  ) {
    let masked = STUNAddressMask(transactionID).apply(to: address)
    let isV4 = masked.ip.family == .v4
    append(bigEndian: type.rawValue)
    append(bigEndian: (isV4 ? 8 : 20) as UInt16)
    append(bigEndian: (isV4 ? 1 : 2) as UInt16)
    append(bigEndian: masked.port)
    if isV4 {
      append(bigEndian: UInt32(truncatingIfNeeded: masked.ip.low))
    } else {
      append(bigEndian: masked.ip.high)
      append(bigEndian: masked.ip.low)
    }
  }

  /// Appends ERROR-CODE (RFC 8489 §14.8).
  @_lifetime(self: copy self)
  public mutating func appendSTUN(_ code: STUNErrorCode) {
    append(bigEndian: STUNAttributeType.errorCode.rawValue)
    appendSTUNErrorValue(code, familyNumber: 0)
  }

  @_lifetime(self: copy self)
  mutating func appendSTUNErrorValue(_ code: STUNErrorCode, familyNumber: UInt8) {
    append(bigEndian: UInt16(truncatingIfNeeded: 4 + code.reason.utf8.count))
    append(bigEndian: UInt16(familyNumber) << 8)
    append(UInt8(truncatingIfNeeded: code.rawValue / 100))
    append(UInt8(truncatingIfNeeded: code.rawValue % 100))
    for byte in code.reason.utf8 { append(byte) }
    append(repeating: 0, count: STUNMessage.paddingCount(code.reason.utf8.count))
  }

  /// Appends UNKNOWN-ATTRIBUTES (RFC 8489 §14.13).
  @_lifetime(self: copy self)
  public mutating func appendSTUN(unknownAttributes types: [STUNAttributeType]) {
    append(bigEndian: STUNAttributeType.unknownAttributes.rawValue)
    append(bigEndian: UInt16(truncatingIfNeeded: types.count * 2))
    for type in types { append(bigEndian: type.rawValue) }
    append(repeating: 0, count: STUNMessage.paddingCount(types.count * 2))
  }

  /// Sets the header's length, and appends MESSAGE-INTEGRITY where there is a key, and FINGERPRINT.
  @_lifetime(self: copy self)
  public mutating func finishSTUN(key: Span<UInt8>? = nil, fingerprint: Bool = true) {
    if let key {
      setSTUNLength(adding: STUNMessage.integrityByteCount)
      let code = HMACSHA1.authenticate(span, key: key)
      appendSTUN(.messageIntegrity, code.span)
    }
    if fingerprint {
      setSTUNLength(adding: STUNMessage.fingerprintByteCount)
      appendSTUN(.fingerprint, CRC32.checksum(span) ^ STUNMessage.fingerprintMask)
    }
    setSTUNLength(adding: 0)
  }

  /// Sets the header's length, and appends MESSAGE-INTEGRITY of the kind the key is for, and
  /// FINGERPRINT. Wants 36 bytes for the code where the key is SHA-256's.
  @_lifetime(self: copy self)
  public mutating func finishSTUN(key: STUNLongTermKey, fingerprint: Bool = true) {
    guard key.algorithm == .sha256 else {
      return finishSTUN(key: key.bytes.span, fingerprint: fingerprint)
    }
    setSTUNLength(adding: STUNMessage.integritySHA256ByteCount)
    let code = HMACSHA256.authenticate(span, key: key.bytes.span)
    appendSTUN(.messageIntegritySHA256, code.span)
    finishSTUN(fingerprint: fingerprint)
  }

  @_lifetime(self: copy self)
  private mutating func setSTUNLength(adding count: Int) {
    let length = UInt16(truncatingIfNeeded: self.count + count - STUNHeader.byteCount)
    var written = mutableSpan
    written[2] = UInt8(truncatingIfNeeded: length >> 8)
    written[3] = UInt8(truncatingIfNeeded: length)
  }
}
