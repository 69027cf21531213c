import COpenSSL
import Wire

/// One TLS connection of OpenSSL between two pieces of memory.
///
/// OpenSSL keeps its error queue for the thread: each call clears it before and after.
@safe final class TLSSession {
  enum Progress { case waiting, finished, failed(StreamError) }
  enum Reading { case data, nothing, ended, failed(StreamError) }

  private let ssl: OpaquePointer
  private let context: TLSContext
  /// What arrived, and what is to leave. Both belong to `ssl`.
  private let input: OpaquePointer
  private let output: OpaquePointer
  private var buffer = [UInt8](repeating: 0, count: 16 << 10)

  /// `host` is whom the other side has to prove to be; nil for a server, which asks for nothing.
  init(context: TLSContext, host: String?) throws(StreamError) {
    guard let made = unsafe SSL_new(context.context) else { throw .securityFailed("no memory") }
    guard let input = unsafe BIO_new(BIO_s_mem()) else {
      unsafe SSL_free(made)
      throw .securityFailed("no memory")
    }
    guard let output = unsafe BIO_new(BIO_s_mem()) else {
      unsafe BIO_free(input)
      unsafe SSL_free(made)
      throw .securityFailed("no memory")
    }
    unsafe SSL_set_bio(made, input, output)
    self.context = context
    unsafe ssl = made
    unsafe self.input = input
    unsafe self.output = output
    if context.isServer {
      unsafe SSL_set_accept_state(made)
    } else {
      unsafe SSL_set_connect_state(made)
    }
    defer { ERR_clear_error() }
    if let host, unsafe !Self.expect(host, on: made) {
      throw .securityFailed("\(host) is no host name")
    }
  }

  deinit { unsafe SSL_free(ssl) }

  /// RFC 6125: names are compared with the certificate's, addresses with its addresses; a name is told
  /// to the server too (RFC 6066 §3).
  private static func expect(_ host: String, on ssl: OpaquePointer) -> Bool {
    if IPAddress(host) != nil {
      return unsafe X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host) == 1
    }
    unsafe SSL_set_hostflags(ssl, CUnsignedInt(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS))
    return unsafe SSL_set1_host(ssl, host) == 1
      && openssl_ssl_set_tlsext_host_name(ssl, host) == 1
  }

  /// Takes what arrived.
  func offer(_ encrypted: Span<UInt8>) {
    // OpenSSL copies the bytes within the call.
    _ = unsafe encrypted.withUnsafeBufferPointer { bytes in
      unsafe BIO_write(input, bytes.baseAddress, CInt(clamping: bytes.count))
    }
  }

  /// What is to leave.
  func takeOutput() -> [UInt8] {
    let count = Int(unsafe openssl_bio_pending(output))
    guard count > 0 else { return [] }
    return unsafe [UInt8](unsafeUninitializedCapacity: count) { bytes, initialized in
      let taken = unsafe BIO_read(output, bytes.baseAddress, CInt(clamping: count))
      initialized = max(0, Int(taken))
    }
  }

  func continueHandshake() -> Progress {
    ERR_clear_error()
    let result = unsafe SSL_do_handshake(ssl)
    guard result != 1 else {
      return isPeerPinned
        ? .finished : .failed(.certificateRefused("not the certificate that is expected"))
    }
    defer { ERR_clear_error() }
    switch unsafe SSL_get_error(ssl, result) {
    case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: return .waiting
    default: return .failed(failure())
    }
  }

  /// In seconds since 1970.
  var certificateExpiry: Int64? {
    guard let certificate = unsafe SSL_get1_peer_certificate(ssl) else { return nil }
    defer { unsafe X509_free(certificate) }
    return unsafe TLSIdentity.seconds(X509_get0_notAfter(certificate))
  }

  var certificateFault: CertificateFault? {
    guard !context.isServer, context.pin == nil else { return nil }
    return CertificateFault(verdict: unsafe SSL_get_verify_result(ssl))
  }

  private var isPeerPinned: Bool {
    guard let pin = context.pin else { return true }
    return certificateDigest == pin
  }

  /// The SHA-256 of the other side's certificate.
  var certificateDigest: [UInt8]? {
    guard let certificate = unsafe SSL_get1_peer_certificate(ssl) else { return nil }
    defer { unsafe X509_free(certificate) }
    var digest = [UInt8](repeating: 0, count: 32)
    var count: CUnsignedInt = 32
    // SHA-256 has 32 bytes.
    let isDigested = unsafe digest.withUnsafeMutableBufferPointer { bytes in
      unsafe X509_digest(certificate, EVP_sha256(), bytes.baseAddress, &count) == 1
    }
    return isDigested ? digest : nil
  }

  /// Decrypts one piece of what arrived.
  func read(_ receive: (Span<UInt8>) -> Void) -> Reading {
    ERR_clear_error()
    // Taken out meanwhile, for `receive` may lead back here.
    var taken: [UInt8] = []
    swap(&taken, &buffer)
    defer { swap(&taken, &buffer) }
    // OpenSSL writes at most the buffer's length.
    let count = unsafe taken.withUnsafeMutableBufferPointer { bytes in
      unsafe SSL_read(ssl, bytes.baseAddress, CInt(clamping: bytes.count))
    }
    if count > 0 {
      receive(taken.span.extracting(first: Int(count)))
      return .data
    }
    defer { ERR_clear_error() }
    switch unsafe SSL_get_error(ssl, count) {
    case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: return .nothing
    case SSL_ERROR_ZERO_RETURN: return .ended
    default: return .failed(failure())
    }
  }

  /// Encrypts; false where that is not possible any more.
  func write(_ bytes: Span<UInt8>) -> Bool {
    ERR_clear_error()
    defer { ERR_clear_error() }
    // The memory on the other side takes everything, so nothing is written in part.
    return unsafe bytes.withUnsafeBufferPointer { bytes in
      unsafe SSL_write(ssl, bytes.baseAddress, CInt(clamping: bytes.count)) == CInt(bytes.count)
    }
  }

  /// Tells the other side that nothing more will come.
  func shutDown() {
    ERR_clear_error()
    _ = unsafe SSL_shutdown(ssl)
    ERR_clear_error()
  }

  private func failure() -> StreamError {
    let verdict = unsafe SSL_get_verify_result(ssl)
    if context.isStrict, verdict != CLong(X509_V_OK) {
      return .certificateRefused(unsafe String(cString: X509_verify_cert_error_string(verdict)))
    }
    let code = ERR_peek_error()
    guard code != 0, let reason = unsafe ERR_reason_error_string(code) else {
      return .securityFailed("the connection broke")
    }
    return .securityFailed(unsafe String(cString: reason))
  }
}
