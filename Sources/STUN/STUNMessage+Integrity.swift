import Cryptography
import Wire

extension STUNMessage {
  /// What the FINGERPRINT attribute says (RFC 8489 §14.7).
  public enum FingerprintCheck: Sendable, Equatable {
    /// There is none.
    case absent
    /// It matches.
    case valid
    /// It does not match: the message was damaged, or is not STUN.
    case invalid
  }

  /// Checks FINGERPRINT against the bytes before it.
  public var fingerprintCheck: FingerprintCheck {
    guard let offset = fingerprintOffset else { return .absent }
    var reader = ByteReader(bytes.extracting(droppingFirst: offset))
    guard let attribute = try? Self.readAttribute(&reader), attribute.value.count == 4 else {
      return .invalid
    }
    var value = ByteReader(attribute.value)
    guard let sent = try? value.readUInt32() else { return .invalid }
    // The header's length covers FINGERPRINT, so a message that goes on after it cannot match.
    let expected = CRC32.checksum(bytes.extracting(first: offset)) ^ Self.fingerprintMask
    return sent == expected && reader.isAtEnd ? .valid : .invalid
  }

  /// Whether there is a MESSAGE-INTEGRITY at all.
  public var hasMessageIntegrity: Bool { integrityOffset != nil }

  /// Whether there is a MESSAGE-INTEGRITY-SHA256 at all.
  public var hasMessageIntegritySHA256: Bool { integritySHA256Offset != nil }

  /// Whether MESSAGE-INTEGRITY (HMAC-SHA1, RFC 8489 §14.5) is there and was made with `key`.
  ///
  /// With short-term credentials, as in ICE, the key is the password's UTF-8. The comparison takes
  /// the same time for every wrong value.
  public func isAuthentic(key: Span<UInt8>) -> Bool {
    guard let offset = integrityOffset else { return false }
    var reader = ByteReader(bytes.extracting(droppingFirst: offset))
    guard let attribute = try? Self.readAttribute(&reader),
      attribute.value.count == HMACSHA1.byteCount
    else { return false }
    let expected = HMACSHA1.authenticate(
      covered(upTo: offset, codeByteCount: HMACSHA1.byteCount).span, key: key)
    return isEqualInConstantTime(expected.span, attribute.value)
  }

  /// Whether the message was made with long-term credentials: with MESSAGE-INTEGRITY where the key is
  /// of the old kind, with MESSAGE-INTEGRITY-SHA256 (RFC 8489 §14.6) where it is SHA-256's.
  public func isAuthentic(key: STUNLongTermKey) -> Bool {
    switch key.algorithm {
    case .md5: isAuthentic(key: key.bytes.span)
    case .sha256: isAuthenticSHA256(key: key.bytes.span)
    }
  }

  private func isAuthenticSHA256(key: Span<UInt8>) -> Bool {
    guard let offset = integritySHA256Offset else { return false }
    var reader = ByteReader(bytes.extracting(droppingFirst: offset))
    // The code may be cut to 16 bytes at least (RFC 8489 §14.6).
    guard let attribute = try? Self.readAttribute(&reader), attribute.value.count % 4 == 0,
      (16...HMACSHA256.byteCount).contains(attribute.value.count)
    else { return false }
    let count = attribute.value.count
    let expected = HMACSHA256.authenticate(
      covered(upTo: offset, codeByteCount: count).span, key: key)
    return isEqualInConstantTime(expected.span.extracting(first: count), attribute.value)
  }

  /// What a code at `offset` covers: it was computed while the length still ended at the code.
  private func covered(upTo offset: Int, codeByteCount: Int) -> [UInt8] {
    let length = UInt16(truncatingIfNeeded: offset + 4 + codeByteCount - STUNHeader.byteCount)
    return [UInt8](capacity: offset) { output in
      output.append(copying: bytes.extracting(first: 2))
      output.append(bigEndian: length)
      output.append(copying: bytes.extracting(4..<offset))
    }
  }

  /// "STUN" in ASCII, so that the check differs from that of other protocols (RFC 8489 §14.7).
  static var fingerprintMask: UInt32 { 0x5354_554e }
  static var integrityByteCount: Int { 4 + HMACSHA1.byteCount }
  static var integritySHA256ByteCount: Int { 4 + HMACSHA256.byteCount }
  static var fingerprintByteCount: Int { 8 }
}
