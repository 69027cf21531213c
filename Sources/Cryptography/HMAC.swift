internal import COpenSSL

/// HMAC-SHA1 (RFC 2104), as STUN and SRTP use it.
public enum HMACSHA1 {
  /// Length of the full code in bytes.
  public static let byteCount = 20

  /// The 20-byte code of `message` under `key`.
  public static func authenticate(_ message: Span<UInt8>, key: Span<UInt8>) -> [UInt8] {
    var code = [UInt8](repeating: 0, count: byteCount)
    var length: UInt32 = 0
    // unsafe: OpenSSL reads and writes through pointers that live for this call only.
    unsafe message.withUnsafeBufferPointer { message in
      unsafe key.withUnsafeBufferPointer { key in
        unsafe code.withUnsafeMutableBufferPointer { code in
          _ = unsafe HMAC(
            EVP_sha1(), key.baseAddress, CInt(clamping: key.count), message.baseAddress,
            message.count, code.baseAddress, &length)
        }
      }
    }
    return code
  }
}

/// Whether two byte strings are equal, in time that depends on their lengths only.
public func isEqualInConstantTime(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Bool {
  guard left.count == right.count else { return false }
  var difference: UInt8 = 0
  for index in left.indices { difference |= left[index] ^ right[index] }
  return difference == 0
}

/// HMAC-SHA256 (RFC 2104), as STUN's newer MESSAGE-INTEGRITY uses it.
public enum HMACSHA256 {
  /// Length of the full code in bytes.
  public static let byteCount = 32

  /// The 32-byte code of `message` under `key`.
  public static func authenticate(_ message: Span<UInt8>, key: Span<UInt8>) -> [UInt8] {
    var code = [UInt8](repeating: 0, count: byteCount)
    var length: UInt32 = 0
    // unsafe: OpenSSL reads and writes through pointers that live for this call only.
    unsafe message.withUnsafeBufferPointer { message in
      unsafe key.withUnsafeBufferPointer { key in
        unsafe code.withUnsafeMutableBufferPointer { code in
          _ = unsafe HMAC(
            EVP_sha256(), key.baseAddress, CInt(clamping: key.count), message.baseAddress,
            message.count, code.baseAddress, &length)
        }
      }
    }
    return code
  }
}
