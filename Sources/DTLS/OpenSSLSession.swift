import COpenSSL
import Cryptography
import Wire

/// One OpenSSL connection, with every pointer it needs. Policy and time are `DTLSEngine`'s.
///
/// OpenSSL keeps its error queue for the thread: each call that looks at it begins with an empty one.
@safe final class OpenSSLSession {
  /// How far a step of the handshake came.
  enum Progress: Equatable {
    case waiting
    case finished
    case failed(DTLSError)
  }

  /// What reading application data came to.
  enum Reading: Equatable {
    case data([UInt8])
    case nothing
    case closed
    case failed(DTLSError)
  }

  /// What the other side's certificate is checked against; until known, any is held provisionally.
  var expectedFingerprints: [CertificateFingerprint]?
  /// The certificate the other side showed, in DER.
  private(set) var peerCertificate: [UInt8]?
  private var verificationError: DTLSError?

  let ssl: OpaquePointer
  private let context: DTLSContext

  /// A session that has sent nothing yet.
  init(
    context: DTLSContext, role: DTLSEngine.Role, srtpProfiles: [SRTPProtectionProfile],
    maximumDatagramSize: Int
  ) throws(DTLSError) {
    guard let made = unsafe context.makeConnection() else { throw .libraryFailed }
    self.context = context
    unsafe ssl = made
    switch role {
    case .client: unsafe SSL_set_connect_state(made)
    case .server: unsafe SSL_set_accept_state(made)
    }
    unsafe DTLS_set_timer_cb(made, nextTimeout)
    // OpenSSL forgets what protection adds when it counts what still fits.
    let fitting = CLong(maximumDatagramSize - DTLSRecord.protectionByteCount)
    let isReady =
      unsafe SSL_set_ex_data(made, 0, Unmanaged.passUnretained(self).toOpaque()) == 1
      && openssl_ssl_set_mtu(made, fitting) != 0
      && Self.offer(srtpProfiles, on: made)
    ERR_clear_error()
    guard isReady else { throw .libraryFailed }
  }

  deinit { unsafe SSL_free(ssl) }

  private static func offer(_ profiles: [SRTPProtectionProfile], on ssl: OpaquePointer) -> Bool {
    guard !profiles.isEmpty else { return true }
    let names = profiles.map { profile in
      switch profile {
      case .aeadAES256GCM: "SRTP_AEAD_AES_256_GCM"
      case .aeadAES128GCM: "SRTP_AEAD_AES_128_GCM"
      case .aesCM128HMACSHA1Tag80: "SRTP_AES128_CM_SHA1_80"
      }
    }
    // Unlike its kin, this function returns 0 for success.
    return unsafe SSL_set_tlsext_use_srtp(ssl, names.joined(separator: ":")) == 0
  }

  /// unsafe: OpenSSL asks only during a call of ours, so the session is alive.
  static func session(of ssl: OpaquePointer) -> OpenSSLSession? {
    guard let data = unsafe SSL_get_ex_data(ssl, 0) else { return nil }
    return unsafe Unmanaged<OpenSSLSession>.fromOpaque(data).takeUnretainedValue()
  }

  // MARK: Handshake

  /// Whether the other side's records are decrypted from now on: epoch 1 has begun for reading.
  var hasPeerChangedCipher: Bool {
    let state = unsafe SSL_get_state(ssl)
    return state == TLS_ST_SR_CHANGE || state == TLS_ST_CR_CHANGE || isFinished
  }

  /// A number that changes with every step of the handshake.
  var step: UInt32 { unsafe SSL_get_state(ssl).rawValue }

  private var isFinished: Bool { unsafe SSL_is_init_finished(ssl) == 1 }

  /// Goes on as far as what was received allows.
  func continueHandshake() -> Progress {
    ERR_clear_error()
    let result = unsafe SSL_do_handshake(ssl)
    return result == 1 ? .finished : progress(after: result)
  }

  func progress(after result: CInt) -> Progress {
    defer { ERR_clear_error() }
    switch unsafe SSL_get_error(ssl, result) {
    case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: return .waiting
    default: return .failed(verificationError ?? Self.queuedError())
    }
  }

  /// Checks the certificate that OpenSSL is about to believe.
  func acceptsPeer(_ certificate: OpaquePointer) -> Bool {
    let count = unsafe i2d_X509(certificate, nil)
    guard count > 0, Int(count) <= HandshakeBudget.maximumMessageByteCount else { return false }
    let der = unsafe [UInt8](unsafeUninitializedCapacity: Int(count)) { buffer, initialized in
      var position = buffer.baseAddress
      initialized = unsafe max(0, Int(i2d_X509(certificate, &position)))
    }
    peerCertificate = der
    guard let key = unsafe X509_get0_pubkey(certificate),
      unsafe EVP_PKEY_get_security_bits(key) >= 112
    else {
      verificationError = .keyTooWeak
      return false
    }
    guard let expectedFingerprints, !expectedFingerprints.accept(certificate: der.span) else {
      return true
    }
    verificationError = .fingerprintMismatch
    return false
  }

  /// Whether a certificate was shown and is one of those expected.
  var isPeerVerified: Bool {
    guard let expectedFingerprints, let peerCertificate else { return false }
    return expectedFingerprints.accept(certificate: peerCertificate.span)
  }

  /// Forgets the other side's certificate, which is not needed any more.
  func forgetPeerCertificate() { peerCertificate = nil }

  /// The keys of the agreed SRTP profile, seen from our side (RFC 5764 §4.2); `nil` if none was.
  func exportSRTPKeys(as role: DTLSEngine.Role) throws(DTLSError) -> SRTPKeyingMaterial? {
    guard let selected = unsafe SSL_get_selected_srtp_profile(ssl) else { return nil }
    guard let number = unsafe UInt16(exactly: selected.pointee.id),
      let profile = SRTPProtectionProfile(rawValue: number)
    else { throw .libraryFailed }
    let (key, salt) = (profile.masterKeyByteCount, profile.masterSaltByteCount)
    var exported = [UInt8](repeating: 0, count: 2 * (key + salt))
    let label = "EXTRACTOR-dtls_srtp"
    let isExported = unsafe exported.withUnsafeMutableBufferPointer { buffer in
      unsafe SSL_export_keying_material(
        ssl, buffer.baseAddress, buffer.count, label, label.utf8.count, nil, 0, 0) == 1
    }
    ERR_clear_error()
    guard isExported else { throw .libraryFailed }
    let clientKey = Array(exported[..<key])
    let serverKey = Array(exported[key..<2 * key])
    let clientSalt = Array(exported[(2 * key)..<(2 * key + salt)])
    let serverSalt = Array(exported[(2 * key + salt)...])
    return switch role {
    case .client:
      SRTPKeyingMaterial(
        profile: profile, localKey: clientKey, localSalt: clientSalt, remoteKey: serverKey,
        remoteSalt: serverSalt)
    case .server:
      SRTPKeyingMaterial(
        profile: profile, localKey: serverKey, localSalt: serverSalt, remoteKey: clientKey,
        remoteSalt: clientSalt)
    }
  }

  // MARK: Application data

  /// Reads the next application data, at most `capacity` bytes of it.
  func read(capacity: Int) -> Reading {
    Self.forgetErrors()
    var result: CInt = 0
    let data = unsafe [UInt8](unsafeUninitializedCapacity: capacity) { buffer, initialized in
      result = unsafe SSL_read(ssl, buffer.baseAddress, CInt(clamping: buffer.count))
      initialized = max(0, Int(result))
    }
    if result > 0 { return .data(data) }
    return switch unsafe SSL_get_error(ssl, result) {
    case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: .nothing
    case SSL_ERROR_ZERO_RETURN: .closed
    default: .failed(Self.queuedError())
    }
  }

  /// Writes `data` as one record.
  func write(_ data: Span<UInt8>) -> Bool {
    Self.forgetErrors()
    return unsafe data.withUnsafeBufferPointer { data in
      unsafe SSL_write(ssl, data.baseAddress, CInt(clamping: data.count)) == CInt(data.count)
    }
  }

  /// Empties the error queue. Clearing it touches every entry that it could have; looking is cheap.
  private static func forgetErrors() { if ERR_peek_error() != 0 { ERR_clear_error() } }

  /// Writes close_notify.
  func shutDown() {
    ERR_clear_error()
    _ = unsafe SSL_shutdown(ssl)
    ERR_clear_error()
  }

  // MARK: Memory

  /// Takes the record buffers back, which any call that may write needs; whether there is memory.
  func acquireBuffers() -> Bool { unsafe SSL_alloc_buffers(ssl) == 1 }

  /// Gives the record buffers back: OpenSSL keeps 21 KiB for each connection otherwise.
  func releaseBuffers() { _ = unsafe SSL_free_buffers(ssl) }

  // MARK: Errors

  private static func queuedError() -> DTLSError {
    let code = ERR_peek_error()
    let reason = ERR_GET_REASON(code)
    switch reason {
    case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE: return .certificateMissing
    case SSL_R_READ_TIMEOUT_EXPIRED: return .timedOut
    case (SSL_AD_REASON_OFFSET...SSL_AD_REASON_OFFSET + 255):
      return .alertReceived(UInt8(truncatingIfNeeded: reason - SSL_AD_REASON_OFFSET))
    default:
      guard let text = unsafe ERR_reason_error_string(code) else {
        return .handshakeFailed(reason: "reason \(reason)")
      }
      return unsafe .handshakeFailed(reason: String(cString: text))
    }
  }
}
