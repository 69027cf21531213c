internal import COpenSSL
public import Wire

/// What a server's certificate is for.
public enum CertificateSubject: Hashable, Sendable {
  /// A host name.
  case name(String)
  /// An address.
  case address(IPAddress)

  /// An address in text, or a host name: letters, digits, hyphens and dots; nil for anything else.
  public init?(_ host: String) {
    if let ip = IPAddress(host) {
      self = .address(ip)
    } else if Self.isName(host) {
      self = .name(host)
    } else {
      return nil
    }
  }

  private static func isName(_ text: String) -> Bool {
    (1...253).contains(text.utf8.count)
      && text.utf8.allSatisfy { byte in
        (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
          || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
      }
  }

  /// As OpenSSL's configuration has it; nil for what would not be read as one name.
  fileprivate var text: String? {
    switch self {
    case .address(let ip): "IP:\(ip)"
    case .name(let name): Self.isName(name) ? "DNS:\(name)" : nil
    }
  }
}

extension CertificateSubject: CustomStringConvertible {
  /// The name, or the address in text.
  public var description: String {
    switch self {
    case .address(let ip): "\(ip)"
    case .name(let name): name
    }
  }
}

/// A certificate of an authority's own, or one that it signed, with its key (RFC 5280).
public struct IssuedCertificate: Sendable {
  /// The X.509 certificate in DER.
  public let certificate: [UInt8]
  /// Its private key.
  public let key: SigningKey

  /// A certificate and key that were kept.
  public init(certificate: [UInt8], key: SigningKey) {
    self.certificate = certificate
    self.key = key
  }

  /// An authority of that name with a new key, for seconds since 1970. It signs servers, not further
  /// authorities.
  public static func authority(
    named name: String, validity: ClosedRange<Int64>
  ) throws(CertificateGenerationFailed) -> IssuedCertificate {
    let draft = CertificateDraft(
      commonName: name, validity: validity,
      extensions: [
        .init(NID_basic_constraints, "critical,CA:TRUE,pathlen:0"),
        .init(NID_key_usage, "critical,keyCertSign,cRLSign"),
        .init(NID_subject_key_identifier, "hash"),
      ])
    let key = try SigningKey.generate()
    return IssuedCertificate(certificate: try draft.signed(for: key, by: nil), key: key)
  }

  /// A server's certificate with a new key, signed by this authority.
  public func issue(
    for subjects: [CertificateSubject], validity: ClosedRange<Int64>
  ) throws(CertificateGenerationFailed) -> IssuedCertificate {
    let names = subjects.compactMap(\.text)
    guard !names.isEmpty, names.count == subjects.count else { throw CertificateGenerationFailed() }
    let draft = CertificateDraft(
      commonName: "Jumpa", validity: validity,
      extensions: [
        .init(NID_basic_constraints, "critical,CA:FALSE"),
        .init(NID_key_usage, "critical,digitalSignature"),
        .init(NID_ext_key_usage, "serverAuth"),
        .init(NID_subject_key_identifier, "hash"),
        .init(NID_authority_key_identifier, "keyid"),
        .init(NID_subject_alt_name, names.joined(separator: ",")),
      ])
    let key = try SigningKey.generate()
    return IssuedCertificate(certificate: try draft.signed(for: key, by: self), key: key)
  }

  /// Whether this authority's key has signed a certificate in DER, whatever that says.
  public func hasIssued(_ certificate: [UInt8]) -> Bool {
    // unsafe: the certificate is owned here and freed before this returns.
    guard let read = unsafe CertificateDraft.read(certificate) else { return false }
    defer { unsafe X509_free(read) }
    return unsafe SigningKey.with(key.der) { unsafe X509_verify(read, $0) == 1 } ?? false
  }

  /// What an authority is shown that asks by TLS-ALPN-01 for `name` (RFC 8737 §3): `digest` is the
  /// SHA-256 of the key authorization.
  public static func challenge(
    for name: String, digest: [UInt8], validity: ClosedRange<Int64>
  ) throws(CertificateGenerationFailed) -> IssuedCertificate {
    guard let subject = CertificateSubject.name(name).text, digest.count == 32 else {
      throw CertificateGenerationFailed()
    }
    var draft = CertificateDraft(
      commonName: "ACME challenge", validity: validity,
      extensions: [.init(NID_subject_alt_name, subject)])
    draft.challengeDigest = digest
    let key = try SigningKey.generate()
    return IssuedCertificate(certificate: try draft.signed(for: key, by: nil), key: key)
  }

  /// A request for a certificate for host names (PKCS #10, RFC 2986) in DER.
  public static func request(
    for names: [String], key: SigningKey
  ) throws(CertificateGenerationFailed) -> [UInt8] {
    let subjects = names.compactMap { CertificateSubject.name($0).text }
    guard !subjects.isEmpty, subjects.count == names.count else {
      throw CertificateGenerationFailed()
    }
    let made = unsafe SigningKey.with(key.der) { key -> [UInt8] in
      // unsafe: the C objects are owned here and freed before this returns.
      guard let request = unsafe X509_REQ_new() else { return [] }
      defer { unsafe X509_REQ_free(request) }
      let list = subjects.joined(separator: ",")
      guard let names = unsafe X509V3_EXT_nconf_nid(nil, nil, NID_subject_alt_name, list) else {
        return []
      }
      defer { unsafe X509_EXTENSION_free(names) }
      guard unsafe X509_REQ_set_pubkey(request, key) == 1,
        unsafe openssl_x509_req_add_extension(request, names) == 1,
        unsafe X509_REQ_sign(request, key, EVP_sha256()) > 0
      else { return [] }
      return unsafe encoded { unsafe i2d_X509_REQ(request, $0) }
    }
    guard let made, !made.isEmpty else { throw CertificateGenerationFailed() }
    return made
  }
}
