import COpenSSL
import Cryptography

/// What all engines of one thread share: the identity, the settings and OpenSSL's tables.
///
/// One a worker, since it belongs to one thread; the certificate is parsed once, here.
@safe public final class DTLSContext {
  /// Who we are.
  public let identity: DTLSIdentity

  let port = DatagramPort()
  private let method: DatagramMethod
  private let context: OpaquePointer

  /// Sets OpenSSL up for DTLS 1.2 as `identity`.
  public init(identity: DTLSIdentity) throws(DTLSError) {
    guard let method = DatagramMethod(), let made = unsafe SSL_CTX_new(DTLS_method()) else {
      throw .libraryFailed
    }
    self.identity = identity
    self.method = method
    unsafe context = made
    let isReady = unsafe Self.configure(made) && Self.present(identity.certificate, in: made)
    ERR_clear_error()
    guard isReady else { throw .libraryFailed }
  }

  deinit { unsafe SSL_CTX_free(context) }

  /// A new connection object over a BIO to `port`, which the caller owns.
  func makeConnection() -> OpaquePointer? {
    guard let ssl = unsafe SSL_new(context) else { return nil }
    guard let bio = unsafe method.makeBIO(to: port) else {
      unsafe SSL_free(ssl)
      return nil
    }
    unsafe SSL_set_bio(ssl, bio, bio)
    return unsafe ssl
  }

  /// RFC 8827 §6.5 for suites and curves; key exchange is ephemeral and records are AEAD throughout.
  /// P-384 is there for certificates on that curve.
  private static func configure(_ context: OpaquePointer) -> Bool {
    unsafe openssl_ssl_ctx_set_dtls_options(context)
    // The largest plaintext record we ever write; OpenSSL sizes its buffer by it.
    _ = unsafe openssl_ssl_ctx_set_max_send_fragment(context, 4096)
    unsafe openssl_ssl_ctx_set_max_cert_list(
      context, CLong(HandshakeBudget.maximumMessageByteCount))
    // At level 2 nothing under 112 bits of strength is used.
    unsafe SSL_CTX_set_security_level(context, 2)
    unsafe SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nil)
    unsafe SSL_CTX_set_cert_verify_callback(context, verifyPeer, nil)
    return unsafe openssl_ssl_ctx_set_protocol_version(context, DTLS1_2_VERSION) == 1
      && SSL_CTX_set_cipher_list(
        context,
        "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
          + "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384") == 1
      && openssl_ssl_ctx_set1_groups_list(context, "X25519:P-256:P-384") == 1
      && openssl_ssl_ctx_set1_sigalgs_list(
        context,
        "ECDSA+SHA256:rsa_pss_rsae_sha256:RSA+SHA256:ECDSA+SHA384:rsa_pss_rsae_sha384:RSA+SHA384:"
          + "ECDSA+SHA512:rsa_pss_rsae_sha512:RSA+SHA512") == 1
  }

  private static func present(_ certificate: SelfSignedCertificate, in context: OpaquePointer)
    -> Bool
  {
    let der = certificate.certificate
    let key = certificate.privateKey
    return unsafe SSL_CTX_use_certificate_ASN1(context, CInt(clamping: der.count), der) == 1
      && SSL_CTX_use_PrivateKey_ASN1(EVP_PKEY_EC, context, key, key.count) == 1
      && SSL_CTX_check_private_key(context) == 1
  }
}

/// Stands for OpenSSL's chain building: certificates sign themselves, the fingerprint is the proof.
private func verifyPeer(_ store: OpaquePointer?, _ argument: UnsafeMutableRawPointer?) -> CInt {
  let index = SSL_get_ex_data_X509_STORE_CTX_idx()
  guard let ssl = unsafe X509_STORE_CTX_get_ex_data(store, index),
    let session = unsafe OpenSSLSession.session(of: OpaquePointer(ssl)),
    let certificate = unsafe X509_STORE_CTX_get0_cert(store)
  else { return 0 }
  let isAccepted = unsafe session.acceptsPeer(certificate)
  unsafe X509_STORE_CTX_set_error(store, isAccepted ? X509_V_OK : X509_V_ERR_CERT_REJECTED)
  return isAccepted ? 1 : 0
}
