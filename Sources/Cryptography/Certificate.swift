internal import COpenSSL

/// A certificate could not be made: the name will not do, or OpenSSL has no memory or randomness.
public struct CertificateGenerationFailed: Error, Equatable, Sendable {
  /// Creates the error.
  public init() {}
}

/// A self-signed P-256 certificate and its private key, as WebRTC uses them (RFC 8827 §6.5).
public struct SelfSignedCertificate: Sendable {
  /// The X.509 certificate in DER.
  public let certificate: [UInt8]
  /// The private key in DER (RFC 5915).
  public let privateKey: [UInt8]

  private init(signed certificate: [UInt8], by privateKey: [UInt8]) {
    self.certificate = certificate
    self.privateKey = privateKey
  }

  /// Makes a new key and signs a certificate for it.
  ///
  /// It is valid from 2000 until 9999 (RFC 5280 §4.1.2.5: no well-defined end): nobody checks, what
  /// counts is the fingerprint, and so it takes no clock and tells none. `commonName` has 1 to 64
  /// bytes (RFC 5280, ub-common-name); any other is refused.
  public static func generate(
    commonName: String = "WebRTC"
  ) throws(CertificateGenerationFailed) -> SelfSignedCertificate {
    guard (1...64).contains(commonName.utf8.count) else { throw CertificateGenerationFailed() }
    // unsafe: the C objects are owned here, and freed before this returns.
    guard let key = unsafe openssl_generate_p256_key() else { throw CertificateGenerationFailed() }
    defer { unsafe EVP_PKEY_free(key) }
    guard let certificate = unsafe X509_new() else { throw CertificateGenerationFailed() }
    defer { unsafe X509_free(certificate) }
    guard unsafe fill(certificate, commonName: commonName, key: key),
      unsafe X509_sign(certificate, key, EVP_sha256()) > 0
    else { throw CertificateGenerationFailed() }
    let made = unsafe SelfSignedCertificate(
      signed: encoded { unsafe i2d_X509(certificate, $0) },
      by: encoded { unsafe i2d_PrivateKey(key, $0) })
    guard !made.certificate.isEmpty, !made.privateKey.isEmpty else {
      throw CertificateGenerationFailed()
    }
    return made
  }

  /// A certificate and key that were kept; nil unless they are DER, belong together and lie on an elliptic curve.
  public init?(certificate: [UInt8], privateKey: [UInt8]) {
    // unsafe: the C objects are owned here and freed before this returns; the arrays outlive the calls.
    let isUsable = unsafe certificate.withUnsafeBufferPointer { der in
      var position = der.baseAddress
      guard let parsed = unsafe d2i_X509(nil, &position, der.count) else { return false }
      defer { unsafe X509_free(parsed) }
      return unsafe privateKey.withUnsafeBufferPointer { der in
        var position = der.baseAddress
        guard let key = unsafe d2i_PrivateKey(EVP_PKEY_EC, nil, &position, der.count) else {
          return false
        }
        defer { unsafe EVP_PKEY_free(key) }
        return unsafe X509_check_private_key(parsed, key) == 1
      }
    }
    ERR_clear_error()
    guard isUsable else { return nil }
    self.certificate = certificate
    self.privateKey = privateKey
  }

  private static func fill(
    _ certificate: OpaquePointer, commonName: String, key: OpaquePointer
  ) -> Bool {
    var serialNumber: UInt64 = 0
    let isRandom = unsafe withUnsafeMutableBytes(of: &serialNumber) { bytes in
      unsafe RAND_bytes(bytes.baseAddress, CInt(clamping: bytes.count)) == 1
    }
    // A serial number is positive (RFC 5280 §4.1.2.2).
    serialNumber = serialNumber >> 1 | 1
    guard isRandom, unsafe X509_set_version(certificate, 2) == 1,
      unsafe ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serialNumber) == 1,
      unsafe ASN1_TIME_set_string_X509(X509_getm_notBefore(certificate), "20000101000000Z") == 1,
      unsafe ASN1_TIME_set_string_X509(X509_getm_notAfter(certificate), "99991231235959Z") == 1,
      let name = unsafe X509_NAME_new()
    else { return false }
    defer { unsafe X509_NAME_free(name) }
    return unsafe X509_NAME_add_entry_by_txt(
      name, "CN", MBSTRING_UTF8, Array(commonName.utf8), CInt(clamping: commonName.utf8.count), -1,
      0) == 1
      && X509_set_subject_name(certificate, name) == 1
      && X509_set_issuer_name(certificate, name) == 1 && X509_set_pubkey(certificate, key) == 1
  }
}

extension SelfSignedCertificate: CustomStringConvertible, CustomReflectable {
  /// The fingerprint; never the key.
  public var description: String {
    CertificateFingerprint(ofCertificate: certificate.span).description
  }

  /// Nothing, so that no dump prints the key.
  public var customMirror: Mirror { Mirror(self, children: []) }
}
