import COpenSSL

/// What TLS connections of one kind have in common: whom we trust, or who we are.
@safe public final class TLSContext {
  /// Whose certificates are believed.
  public enum Trust: Sendable, Equatable {
    /// The authorities the system knows, and the right host name.
    case system
    /// The authorities in a PEM file, and the right host name.
    case authorityFile(String)
    /// The authorities in PEM text, and the right host name.
    case authorities(pem: String)
    /// One certificate, by the SHA-256 of its DER bytes, whoever signed it and whatever its name.
    case pinned(sha256: [UInt8])
    /// Whatever is shown, by whomever: to look at who is there. Nothing may be sent that is a secret.
    case anybody
  }

  /// Why there is no context.
  public enum Failure: Error, Equatable, Sendable {
    /// OpenSSL refused, mostly for want of memory.
    case libraryFailed
    /// The authorities cannot be read, or there is none among them.
    case unreadableAuthorities
    /// The certificates cannot be read, or the key does not belong to the first of them.
    case unreadableIdentity
  }

  let context: OpaquePointer
  let isServer: Bool
  /// What the other side's certificate has to be, where it is pinned.
  let pin: [UInt8]?
  /// Whether a handshake ends where OpenSSL does not believe the other side's certificate.
  let isStrict: Bool
  /// Alive as long as the context, which asks it.
  private let certificates: CertificateStore?

  /// The suites of TLS 1.2 that a server takes: all authenticate what they encrypt and hide the past.
  public static let suites = "ECDHE+AESGCM:ECDHE+CHACHA20"

  /// For connections that we open.
  public init(trusting trust: Trust = .system) throws(Failure) {
    guard let made = unsafe SSL_CTX_new(TLS_client_method()) else { throw .libraryFailed }
    unsafe context = made
    isServer = false
    certificates = nil
    if case .pinned(let digest) = trust { pin = digest } else { pin = nil }
    isStrict = pin == nil && trust != .anybody
    defer { ERR_clear_error() }
    guard unsafe openssl_ssl_ctx_set_tls_options(made) == 1 else { throw .libraryFailed }
    guard unsafe Self.load(trust, into: made) else { throw .unreadableAuthorities }
    // A pinned certificate is compared once the handshake is over, before anything is sent.
    unsafe SSL_CTX_set_verify(made, isStrict ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nil)
  }

  /// For connections that others open to us, who are shown what is in `certificates` at that time.
  public init(certificates: CertificateStore) throws(Failure) {
    guard let made = unsafe SSL_CTX_new(TLS_server_method()) else { throw .libraryFailed }
    unsafe context = made
    isServer = true
    pin = nil
    isStrict = false
    self.certificates = certificates
    defer { ERR_clear_error() }
    guard unsafe openssl_ssl_ctx_set_tls_options(made) == 1,
      unsafe SSL_CTX_set_cipher_list(made, Self.suites) == 1
    else { throw .libraryFailed }
    unsafe certificates.attach(to: made)
  }

  /// For connections that others open to us: our certificate and those between it and its authority,
  /// and its private key, in PEM.
  public convenience init(certificatesPEM: String, privateKeyPEM: String) throws(Failure) {
    let store: CertificateStore
    do throws(CertificateStore.Failure) {
      store = try CertificateStore(
        certificatesPEM: certificatesPEM, privateKeyPEM: privateKeyPEM)
    } catch {
      throw .unreadableIdentity
    }
    try self.init(certificates: store)
  }

  deinit { unsafe SSL_CTX_free(context) }

  private static func load(_ trust: Trust, into context: OpaquePointer) -> Bool {
    switch trust {
    case .system: return unsafe SSL_CTX_set_default_verify_paths(context) == 1
    case .authorityFile(let path): return unsafe SSL_CTX_load_verify_file(context, path) == 1
    case .pinned(let digest): return digest.count == 32
    case .anybody: return true
    case .authorities(let pem):
      guard let store = unsafe SSL_CTX_get_cert_store(context) else { return false }
      let certificates = PEMCertificates(pem)
      return unsafe !certificates.all.isEmpty
        && certificates.all.allSatisfy { unsafe X509_STORE_add_cert(store, $0) == 1 }
    }
  }
}
