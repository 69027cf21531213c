internal import COpenSSL

/// A private key on the curve P-256, which signs by ECDSA with SHA-256 (FIPS 186-5).
public struct SigningKey: Sendable {
  /// The key in DER (RFC 5915).
  public let der: [UInt8]
  /// The public point's two coordinates, 32 bytes each.
  public let publicPoint: (x: [UInt8], y: [UInt8])

  /// Makes a new key.
  public static func generate() throws(CertificateGenerationFailed) -> SigningKey {
    // unsafe: the C object is owned here, and freed before this returns.
    guard let key = unsafe openssl_generate_p256_key() else { throw CertificateGenerationFailed() }
    defer { unsafe EVP_PKEY_free(key) }
    guard let made = SigningKey(der: unsafe encoded { unsafe i2d_PrivateKey(key, $0) }) else {
      throw CertificateGenerationFailed()
    }
    return made
  }

  /// A key that was kept; nil unless it is DER and lies on P-256.
  public init?(der: [UInt8]) {
    guard
      let point = unsafe SigningKey.with(
        der, { key in unsafe encoded { unsafe openssl_encode_public_point(key, $0) } }),
      point.count == 65, point[0] == 4
    else { return nil }
    self.der = der
    publicPoint = (Array(point[1...32]), Array(point[33...64]))
  }

  /// The signature's two numbers, 32 bytes each, one after the other (RFC 7515 §A.3).
  public func sign(_ message: [UInt8]) throws(CertificateGenerationFailed) -> [UInt8] {
    let signature = unsafe SigningKey.with(der) { key in
      // unsafe: the context is owned here; OpenSSL writes 64 bytes or nothing.
      unsafe [UInt8](unsafeUninitializedCapacity: 64) { bytes, count in
        let isSigned = unsafe message.withUnsafeBufferPointer { message in
          unsafe openssl_sign_p256(key, message.baseAddress, message.count, bytes.baseAddress) == 1
        }
        count = isSigned ? 64 : 0
      }
    }
    ERR_clear_error()
    guard let signature, signature.count == 64 else { throw CertificateGenerationFailed() }
    return signature
  }

  /// Has `body` use the key, which is OpenSSL's for this call only; nil where it is none.
  static func with<Result>(_ der: [UInt8], _ body: (OpaquePointer) -> Result) -> Result? {
    defer { ERR_clear_error() }
    // unsafe: the array outlives the call, the key is freed before this returns.
    guard
      let key = unsafe der.withUnsafeBufferPointer({ der -> OpaquePointer? in
        var position = der.baseAddress
        return unsafe d2i_PrivateKey(EVP_PKEY_EC, nil, &position, der.count)
      })
    else { return nil }
    defer { unsafe EVP_PKEY_free(key) }
    return unsafe body(key)
  }
}

extension SigningKey: CustomStringConvertible, CustomReflectable {
  /// Never the key.
  public var description: String { "P-256 key" }

  /// Nothing, so that no dump prints the key.
  public var customMirror: Mirror { Mirror(self, children: []) }
}

/// What an `i2d` function of OpenSSL writes: asked for the length first, then for the bytes.
func encoded(_ encode: (UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>?) -> CInt) -> [UInt8] {
  let count = encode(nil)
  guard count > 0 else { return [] }
  return unsafe [UInt8](unsafeUninitializedCapacity: Int(count)) { buffer, initialized in
    var position = buffer.baseAddress
    initialized = unsafe max(0, Int(encode(&position)))
  }
}
