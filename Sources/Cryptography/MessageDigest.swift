internal import COpenSSL

/// A hash function over bytes that are all there.
public enum MessageDigest: Sendable {
  /// MD5, for STUN's long-term keys only (RFC 8489 §9.2.2): it protects nothing by itself.
  case md5
  /// SHA-256.
  case sha256

  /// Length of a digest in bytes.
  public var byteCount: Int {
    switch self {
    case .md5: 16
    case .sha256: 32
    }
  }

  /// The digest of `message`.
  public func hash(_ message: Span<UInt8>) -> [UInt8] {
    var digest = [UInt8](repeating: 0, count: byteCount)
    // unsafe: OpenSSL reads and writes through pointers that live for this call only.
    unsafe message.withUnsafeBufferPointer { message in
      unsafe digest.withUnsafeMutableBufferPointer { digest in
        let function =
          switch self {
          case .md5: unsafe EVP_md5()
          case .sha256: unsafe EVP_sha256()
          }
        _ = unsafe EVP_Digest(
          message.baseAddress, message.count, digest.baseAddress, nil, function, nil)
      }
    }
    return digest
  }
}
