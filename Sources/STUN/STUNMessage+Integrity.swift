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
    // The code was computed while the length still ended at MESSAGE-INTEGRITY.
    let length = UInt16(truncatingIfNeeded: offset + Self.integrityByteCount - STUNHeader.byteCount)
    let covered = [UInt8](capacity: offset) { output in
      output.append(copying: bytes.extracting(first: 2))
      output.append(bigEndian: length)
      output.append(copying: bytes.extracting(4..<offset))
    }
    let expected = HMACSHA1.authenticate(covered.span, key: key)
    return isEqualInConstantTime(expected.span, attribute.value)
  }

  /// "STUN" in ASCII, so that the check differs from that of other protocols (RFC 8489 §14.7).
  static var fingerprintMask: UInt32 { 0x5354_554e }
  static var integrityByteCount: Int { 4 + HMACSHA1.byteCount }
  static var fingerprintByteCount: Int { 8 }
}
