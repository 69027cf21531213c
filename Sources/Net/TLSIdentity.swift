import COpenSSL
import Glibc

/// A certificate, those between it and its authority, and its private key, as OpenSSL has them.
@safe final class TLSIdentity {
  private let chain: PEMCertificates
  private let key: OpaquePointer

  /// Reads both; the key has to belong to the first certificate.
  init(certificatesPEM: String, privateKeyPEM: String) throws(CertificateStore.Failure) {
    defer { ERR_clear_error() }
    chain = PEMCertificates(certificatesPEM)
    guard let first = unsafe chain.all.first else { throw .noCertificate }
    guard let bio = unsafe memory(holding: privateKeyPEM) else { throw .libraryFailed }
    defer { unsafe BIO_free(bio) }
    // Without this OpenSSL would ask for a key's password on the terminal.
    guard let read = unsafe PEM_read_bio_PrivateKey(bio, nil, { _, _, _, _ in -1 }, nil) else {
      throw .noKey
    }
    guard unsafe X509_check_private_key(first, read) == 1 else {
      unsafe EVP_PKEY_free(read)
      throw .mismatched
    }
    unsafe key = read
  }

  deinit { unsafe EVP_PKEY_free(key) }

  /// Seconds since 1970 between which the certificate holds.
  var validity: ClosedRange<Int64>? {
    guard let first = unsafe chain.all.first,
      let from = unsafe Self.seconds(X509_get0_notBefore(first)),
      let until = unsafe Self.seconds(X509_get0_notAfter(first)), from <= until
    else { return nil }
    return from...until
  }

  /// Since 1970.
  static func seconds(_ time: UnsafePointer<ASN1_TIME>?) -> Int64? {
    var parts = unsafe tm()
    guard let time = unsafe time, unsafe ASN1_TIME_to_tm(time, &parts) == 1 else { return nil }
    return Int64(unsafe timegm(&parts))
  }

  /// Whether the certificate is one for a name, or for an address in text.
  func covers(_ host: String) -> Bool {
    guard let first = unsafe chain.all.first else { return false }
    if unsafe X509_check_ip_asc(first, host, 0) == 1 { return true }
    return unsafe X509_check_host(first, host, host.utf8.count, 0, nil) == 1
  }

  /// Has one connection show this identity; OpenSSL counts its own references.
  func present(on ssl: OpaquePointer) -> Bool {
    defer { ERR_clear_error() }
    guard let first = unsafe chain.all.first else { return false }
    unsafe SSL_certs_clear(ssl)
    return unsafe SSL_use_certificate(ssl, first) == 1 && SSL_use_PrivateKey(ssl, key) == 1
      && chain.all.dropFirst().allSatisfy { unsafe openssl_ssl_add1_chain_cert(ssl, $0) == 1 }
  }
}

/// The certificates in PEM text.
@safe final class PEMCertificates {
  private(set) var all: [OpaquePointer] = unsafe []

  init(_ pem: String) {
    guard let bio = unsafe memory(holding: pem) else { return }
    defer { unsafe BIO_free(bio) }
    while let next = unsafe PEM_read_bio_X509(bio, nil, nil, nil) { unsafe all.append(next) }
  }

  deinit { unsafe all.forEach { unsafe X509_free($0) } }
}

/// A memory BIO with a copy of `text`.
private func memory(holding text: String) -> OpaquePointer? {
  guard let bio = unsafe BIO_new(BIO_s_mem()) else { return nil }
  var text = text
  let count = text.withUTF8 { bytes in
    // OpenSSL copies the bytes within the call.
    unsafe BIO_write(bio, bytes.baseAddress, CInt(clamping: bytes.count))
  }
  guard Int(count) == text.utf8.count else {
    unsafe BIO_free(bio)
    return nil
  }
  return unsafe bio
}
