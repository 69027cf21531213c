import COpenSSL
import Synchronization

/// The certificate that servers show, which may be replaced while they run.
///
/// A web server and a relay can share one. Each new handshake takes what is there at its beginning;
/// connections that exist go on with what they began with.
public final class CertificateStore: Sendable {
  /// Why certificate and key cannot be used.
  public enum Failure: Error, Equatable, Sendable, CustomStringConvertible {
    /// There is no certificate in what should hold some.
    case noCertificate
    /// There is no private key in what should hold one, or a password protects it.
    case noKey
    /// The key is another certificate's.
    case mismatched
    /// OpenSSL refused, mostly for want of memory.
    case libraryFailed

    /// What is wrong, without a subject.
    public var description: String {
      switch self {
      case .noCertificate: "it holds no certificate in PEM"
      case .noKey: "it holds no private key in PEM that is readable without a password"
      case .mismatched: "the key does not belong to the certificate"
      case .libraryFailed: "there is no memory for it"
      }
    }
  }

  private struct State {
    var current: TLSIdentity?
    /// What an authority that asks by TLS-ALPN-01 (RFC 8737) is shown, by name.
    var challenges: [String: TLSIdentity] = [:]
  }

  private let state = Mutex(State())

  /// Without a certificate: handshakes are refused until there is one.
  public init() {}

  /// With a certificate and those between it and its authority, and its private key, in PEM.
  public convenience init(certificatesPEM: String, privateKeyPEM: String) throws(Failure) {
    self.init()
    try replace(certificatesPEM: certificatesPEM, privateKeyPEM: privateKeyPEM)
  }

  /// Shows these from now on. What cannot be used changes nothing.
  public func replace(certificatesPEM: String, privateKeyPEM: String) throws(Failure) {
    let failure = state.withLock { state -> Failure? in
      do throws(Failure) {
        state.current = try TLSIdentity(
          certificatesPEM: certificatesPEM, privateKeyPEM: privateKeyPEM)
        return nil
      } catch {
        return error
      }
    }
    if let failure { throw failure }
  }

  /// Seconds since 1970 between which the present certificate holds.
  public var validity: ClosedRange<Int64>? { state.withLock { $0.current?.validity } }

  /// Whether the present certificate is one for a name, or for an address in text.
  public func covers(_ host: String) -> Bool {
    state.withLock { $0.current?.covers(host) ?? false }
  }

  // MARK: TLS-ALPN-01

  /// Shows this to whoever asks for `name` by the protocol `acme-tls/1`.
  public func answerChallenge(
    for name: String, certificatesPEM: String, privateKeyPEM: String
  ) throws(Failure) {
    let failure = state.withLock { state -> Failure? in
      do throws(Failure) {
        state.challenges[name.lowercased()] = try TLSIdentity(
          certificatesPEM: certificatesPEM, privateKeyPEM: privateKeyPEM)
        return nil
      } catch {
        return error
      }
    }
    if let failure { throw failure }
  }

  /// Answers no challenge for `name` any more.
  public func endChallenge(for name: String) {
    state.withLock { $0.challenges[name.lowercased()] = nil }
  }

  // MARK: OpenSSL

  /// Has a server's `SSL_CTX` take its certificates and protocols from here. The store has to live as
  /// long as the context does.
  @unsafe public func attach(to context: OpaquePointer) {
    // OpenSSL gives the address back in the callbacks and does nothing else with it.
    let address = unsafe Unmanaged.passUnretained(self).toOpaque()
    unsafe SSL_CTX_set_client_hello_cb(context, chooseCertificate, address)
    unsafe SSL_CTX_set_alpn_select_cb(context, chooseProtocol, nil)
  }

  /// Prepares one handshake; false refuses it.
  fileprivate func prepare(_ ssl: OpaquePointer, for hello: ClientHello) -> Bool {
    // As a number, which the lock lets in; the connection is OpenSSL's until the callback returns.
    let address = UInt(bitPattern: ssl)
    return state.withLock { state in
      let identity =
        hello.asksForChallenge
        ? hello.serverName.flatMap { state.challenges[$0] } : state.current
      guard let identity, let ssl = unsafe OpaquePointer(bitPattern: address) else { return false }
      return unsafe identity.present(on: ssl)
    }
  }
}

/// The two extensions of a `ClientHello` that say which certificate is wanted.
struct ClientHello {
  /// The name asked for (RFC 6066 §3), in lower case.
  var serverName: String?
  /// Whether this is an authority's question (RFC 8737 §4): `acme-tls/1` is all it offers.
  var asksForChallenge = false

  init(serverNames: [UInt8], protocols: [UInt8]) {
    serverName = Self.name(in: serverNames)
    asksForChallenge = protocols == [0, 11, 10] + ApplicationProtocol.challenge
  }

  /// A list of one entry, of the type host name.
  private static func name(in list: [UInt8]) -> String? {
    guard list.count > 5, list[2] == 0, Int(list[3]) << 8 | Int(list[4]) == list.count - 5 else {
      return nil
    }
    return String(validating: list[5...], as: UTF8.self)?.lowercased()
  }
}

/// What may be spoken inside TLS (RFC 7301).
enum ApplicationProtocol {
  /// RFC 8737.
  static let challenge = Array("acme-tls/1".utf8)
  /// HTTP/1.1, and TURN (RFC 7443), which is told apart by its first bytes anyhow.
  private static let served = ["http/1.1", "stun.turn"].map { Array($0.utf8) }

  /// Where in a client's list stands what is chosen; nil leaves it open.
  static func choice(from list: [UInt8]) -> Range<Int>? {
    var challenge: Range<Int>?
    var start = 0
    while start < list.count {
      let range = start + 1..<start + 1 + Int(list[start])
      guard range.upperBound <= list.count else { return nil }
      if served.contains(Array(list[range])) { return range }
      if Array(list[range]) == Self.challenge { challenge = range }
      start = range.upperBound
    }
    return challenge
  }
}

/// OpenSSL calls this with the first message of each handshake.
private func chooseCertificate(
  _ ssl: OpaquePointer?, _ alert: UnsafeMutablePointer<CInt>?, _ store: UnsafeMutableRawPointer?
) -> CInt {
  guard let ssl = unsafe ssl, let pointer = unsafe store else { return SSL_CLIENT_HELLO_ERROR }
  // `attach` has put the store there, and it lives as long as the context.
  let store = unsafe Unmanaged<CertificateStore>.fromOpaque(pointer).takeUnretainedValue()
  let hello = unsafe ClientHello(
    serverNames: readExtension(CUnsignedInt(TLSEXT_TYPE_server_name), of: ssl),
    protocols: readExtension(
      CUnsignedInt(TLSEXT_TYPE_application_layer_protocol_negotiation), of: ssl))
  if unsafe store.prepare(ssl, for: hello) { return SSL_CLIENT_HELLO_SUCCESS }
  unsafe alert?.pointee = SSL_AD_UNRECOGNIZED_NAME
  return SSL_CLIENT_HELLO_ERROR
}

private func readExtension(_ type: CUnsignedInt, of ssl: OpaquePointer) -> [UInt8] {
  var bytes: UnsafePointer<UInt8>?
  var count = 0
  guard unsafe SSL_client_hello_get0_ext(ssl, type, &bytes, &count) == 1 else { return [] }
  // The bytes are the message's and live until the callback returns.
  return unsafe Array(UnsafeBufferPointer(start: bytes, count: count))
}

/// OpenSSL calls this when a client offers protocols.
private func chooseProtocol(
  _ ssl: OpaquePointer?, _ chosen: UnsafeMutablePointer<UnsafePointer<UInt8>?>?,
  _ count: UnsafeMutablePointer<UInt8>?, _ list: UnsafePointer<UInt8>?, _ length: CUnsignedInt,
  _ argument: UnsafeMutableRawPointer?
) -> CInt {
  let offered = unsafe Array(UnsafeBufferPointer(start: list, count: Int(length)))
  guard let range = ApplicationProtocol.choice(from: offered) else {
    return SSL_TLSEXT_ERR_NOACK
  }
  // The answer may point into the client's list, and the range lies within it.
  unsafe chosen?.pointee = unsafe list.map { unsafe $0 + range.lowerBound }
  unsafe count?.pointee = UInt8(clamping: range.count)
  return SSL_TLSEXT_ERR_OK
}
