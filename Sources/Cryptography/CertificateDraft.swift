internal import COpenSSL

/// What a certificate is to say, before it is signed.
struct CertificateDraft {
  /// An extension as OpenSSL's configuration has it.
  struct Extension {
    let kind: CInt
    let value: String

    init(_ kind: CInt, _ value: String) {
      self.kind = kind
      self.value = value
    }
  }

  let commonName: String
  /// Seconds since 1970.
  let validity: ClosedRange<Int64>
  let extensions: [Extension]
  /// Of RFC 8737 §3, where it is to be there.
  var challengeDigest: [UInt8]?

  /// The certificate of `key` in DER, signed by `issuer` or by itself.
  func signed(
    for key: SigningKey, by issuer: IssuedCertificate?
  ) throws(CertificateGenerationFailed) -> [UInt8] {
    defer { ERR_clear_error() }
    let made = unsafe SigningKey.with(key.der) { key -> [UInt8] in
      // unsafe: the C objects are owned here and freed before this returns.
      guard let certificate = unsafe X509_new() else { return [] }
      defer { unsafe X509_free(certificate) }
      guard unsafe describe(certificate, key) else { return [] }
      guard let issuer else {
        return unsafe sign(certificate, issuer: certificate, key: key)
      }
      guard let parent = unsafe Self.read(issuer.certificate) else { return [] }
      defer { unsafe X509_free(parent) }
      return unsafe SigningKey.with(issuer.key.der) { key in
        unsafe sign(certificate, issuer: parent, key: key)
      } ?? []
    }
    guard let made, !made.isEmpty else { throw CertificateGenerationFailed() }
    return made
  }

  /// A certificate in DER as OpenSSL has it; nil, with an error in its queue, where it is none.
  static func read(_ der: [UInt8]) -> OpaquePointer? {
    unsafe der.withUnsafeBufferPointer { der in
      var position = der.baseAddress
      return unsafe d2i_X509(nil, &position, der.count)
    }
  }

  private func describe(_ certificate: OpaquePointer, _ key: OpaquePointer) -> Bool {
    var serialNumber: UInt64 = 0
    let isRandom = unsafe withUnsafeMutableBytes(of: &serialNumber) { bytes in
      unsafe RAND_bytes(bytes.baseAddress, CInt(clamping: bytes.count)) == 1
    }
    // A serial number is positive (RFC 5280 §4.1.2.2).
    serialNumber = serialNumber >> 1 | 1
    guard isRandom, (1...64).contains(commonName.utf8.count),
      let name = unsafe X509_get_subject_name(certificate)
    else { return false }
    return unsafe X509_set_version(certificate, 2) == 1
      && ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serialNumber) == 1
      && ASN1_TIME_set(X509_getm_notBefore(certificate), Int(validity.lowerBound)) != nil
      && ASN1_TIME_set(X509_getm_notAfter(certificate), Int(validity.upperBound)) != nil
      && X509_NAME_add_entry_by_txt(
        name, "CN", MBSTRING_UTF8, Array(commonName.utf8), CInt(clamping: commonName.utf8.count),
        -1, 0) == 1
      && X509_set_pubkey(certificate, key) == 1
  }

  private func sign(
    _ certificate: OpaquePointer, issuer: OpaquePointer, key: OpaquePointer
  ) -> [UInt8] {
    guard unsafe X509_set_issuer_name(certificate, X509_get_subject_name(issuer)) == 1 else {
      return []
    }
    var context = unsafe v3_ext_ctx()
    // The context points at both certificates and is used within this call only.
    unsafe X509V3_set_ctx(&context, issuer, certificate, nil, nil, 0)
    for each in extensions {
      guard let made = unsafe X509V3_EXT_nconf_nid(nil, &context, each.kind, each.value) else {
        return []
      }
      defer { unsafe X509_EXTENSION_free(made) }
      guard unsafe X509_add_ext(certificate, made, -1) == 1 else { return [] }
    }
    guard unsafe addChallenge(to: certificate),
      unsafe X509_sign(certificate, key, EVP_sha256()) > 0
    else { return [] }
    return unsafe encoded { unsafe i2d_X509(certificate, $0) }
  }

  /// The critical extension `id-pe-acmeIdentifier`: an octet string in an octet string.
  private func addChallenge(to certificate: OpaquePointer) -> Bool {
    guard let challengeDigest else { return true }
    guard let object = unsafe OBJ_txt2obj("1.3.6.1.5.5.7.1.31", 1) else { return false }
    defer { unsafe ASN1_OBJECT_free(object) }
    guard let value = unsafe ASN1_OCTET_STRING_new() else { return false }
    defer { unsafe ASN1_OCTET_STRING_free(value) }
    let inner = [0x04, UInt8(clamping: challengeDigest.count)] + challengeDigest
    guard unsafe ASN1_OCTET_STRING_set(value, inner, CInt(clamping: inner.count)) == 1,
      let made = unsafe X509_EXTENSION_create_by_OBJ(nil, object, 1, value)
    else { return false }
    defer { unsafe X509_EXTENSION_free(made) }
    return unsafe X509_add_ext(certificate, made, -1) == 1
  }
}
