import CWebSockets
import Glibc
import Net

/// The listening half of libwebsockets: a context and a virtual host that hands raw connections to a
/// `Service`. Made, used and closed on one thread.
@safe struct Listener {
  let port: UInt16
  private let context: OpaquePointer
  private let protocols: UnsafeMutablePointer<lws_protocols>
  private let names: [UnsafeMutablePointer<CChar>?]
  /// Asked by the context, which ends first.
  private let certificates: CertificateStore?

  init(_ configuration: Configuration, service: Service) throws(HTTPServerError) {
    if let error = SocketAddress.refusal(host: configuration.host, port: configuration.port) {
      throw error
    }
    LibraryLog.apply()
    var information = unsafe lws_context_creation_info()
    unsafe information.options = Self.options(configuration)
    // `Service` outlives the context: both end in `ServiceThread.run`.
    unsafe information.user = Unmanaged.passUnretained(service).toOpaque()
    unsafe information.timeout_secs = CUnsignedInt(
      clamping: max(1, configuration.limits.headTimeout.components.seconds))
    unsafe information.pt_serv_buf_size = 16 * 1024
    let names = unsafe ["jumpa", "raw-skt", configuration.host, TLSContext.suites].map {
      (text: String) in unsafe strdup(text)
    }
    let protocols = UnsafeMutablePointer<lws_protocols>.allocate(capacity: 2)
    unsafe protocols.initialize(repeating: lws_protocols(), count: 2)
    unsafe protocols[0].name = UnsafePointer(names[0])
    unsafe protocols[0].callback = listenerCallback
    unsafe protocols[0].tx_packet_size = SendQueue.writeSize
    unsafe self.protocols = protocols
    unsafe self.names = names
    guard let context = unsafe lws_create_context(&information) else {
      unsafe Self.free(protocols, names)
      throw .system(operation: "lws_create_context", reason: SocketAddress.reason(errno))
    }
    unsafe self.context = context
    unsafe Self.describe(&information, configuration, names, protocols)
    guard let host = unsafe lws_create_vhost(context, &information) else {
      unsafe lws_context_destroy(context)
      unsafe Self.free(protocols, names)
      throw .portBusy(host: configuration.host, port: configuration.port)
    }
    certificates = configuration.certificates
    if let certificates, let context = unsafe service.tlsContext {
      // After libwebsockets, which has its own say about protocols; nobody is served before this.
      unsafe certificates.attach(to: context)
    }
    port = UInt16(truncatingIfNeeded: unsafe lws_get_vhost_listen_port(host))
    if certificates != nil, !service.routes.streams.isEmpty {
      unsafe service.threshold = Threshold(context, information, served: host)
    }
  }

  /// Where the context is, for `Mailbox`.
  var address: UInt { unsafe UInt(bitPattern: context) }

  /// Waits for something to happen and serves it; false when it cannot go on.
  func serve() -> Bool { unsafe lws_service(context, 0) >= 0 }

  /// Closes every socket and frees everything.
  func close() {
    unsafe lws_context_destroy(context)
    unsafe Self.free(protocols, names)
  }

  private static func free(
    _ protocols: UnsafeMutablePointer<lws_protocols>, _ names: [UnsafeMutablePointer<CChar>?]
  ) {
    unsafe protocols.deallocate()
    unsafe names.forEach { unsafe Glibc.free($0) }
  }

  private static func options(_ configuration: Configuration) -> UInt64 {
    var options = UInt64(LWS_SERVER_OPTION_EXPLICIT_VHOSTS)
    options |= UInt64(LWS_SERVER_OPTION_ADOPT_APPLY_LISTEN_ACCEPT_CONFIG)
    options |= UInt64(LWS_SERVER_OPTION_FAIL_UPON_UNABLE_TO_BIND)
    if !configuration.host.contains(":") { options |= UInt64(LWS_SERVER_OPTION_DISABLE_IPV6) }
    if configuration.certificates != nil {
      options |= UInt64(LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT)
      options |= UInt64(LWS_SERVER_OPTION_CREATE_VHOST_SSL_CTX)
    }
    return options
  }

  private static func describe(
    _ information: inout lws_context_creation_info, _ configuration: Configuration,
    _ names: [UnsafeMutablePointer<CChar>?], _ protocols: UnsafePointer<lws_protocols>
  ) {
    unsafe information.protocols = protocols
    unsafe information.port = CInt(configuration.port)
    let isEveryInterface = ["0.0.0.0", "::"].contains(configuration.host)
    unsafe information.iface = isEveryInterface ? nil : UnsafePointer(names[2])
    unsafe information.listen_accept_protocol = UnsafePointer(names[0])
    unsafe information.listen_accept_role = UnsafePointer(names[1])
    guard configuration.certificates != nil else { return }
    unsafe information.ssl_cipher_list = UnsafePointer(names[3])
    unsafe information.ssl_options_set = olderThanTLS12 | noRenegotiation
  }

  /// SSL_OP_NO_SSLv3, SSL_OP_NO_TLSv1 and SSL_OP_NO_TLSv1_1: computed macros that Swift does not see.
  private static let olderThanTLS12 = 1 << 25 | 1 << 26 | 1 << 28
  /// SSL_OP_NO_RENEGOTIATION.
  private static let noRenegotiation = 1 << 30
}

/// What libwebsockets calls; a result other than 0 closes the connection.
private func listenerCallback(
  _ socket: OpaquePointer?, _ reason: lws_callback_reasons, _ user: UnsafeMutableRawPointer?,
  _ input: UnsafeMutableRawPointer?, _ length: Int
) -> CInt {
  guard let socket = unsafe socket, let context = unsafe lws_get_context(socket),
    let pointer = unsafe lws_context_user(context)
  else { return 0 }
  // The context holds the service that `Listener.init` was given, alive as long as the context.
  let service = unsafe Unmanaged<Service>.fromOpaque(pointer).takeUnretainedValue()
  switch reason {
  case LWS_CALLBACK_FILTER_NETWORK_CONNECTION:
    // The descriptor comes in the place of a pointer.
    let descriptor = CInt(truncatingIfNeeded: Int(bitPattern: input))
    guard service.admits(SocketAddress.peer(of: descriptor)) else { return 1 }
    guard let threshold = service.threshold else { return 0 }
    _ = threshold.take(descriptor)
    threshold.takeMore(from: unsafe RawSocket(socket).descriptor) { service.admits($0) }
    return 1
  case LWS_CALLBACK_RAW_RX_FILE: return unsafe service.begun(RawSocket(socket)) ? 0 : -1
  case LWS_CALLBACK_RAW_ADOPT, LWS_CALLBACK_RAW_ADOPT_FILE:
    return unsafe service.opened(RawSocket(socket)) ? 0 : -1
  case LWS_CALLBACK_RAW_RX:
    let bytes = unsafe Array(UnsafeRawBufferPointer(start: input, count: length))
    return unsafe service.received(bytes, on: RawSocket(socket)) ? 0 : -1
  case LWS_CALLBACK_RAW_WRITEABLE: return unsafe service.writable(RawSocket(socket)) ? 0 : -1
  case LWS_CALLBACK_TIMER: return unsafe service.timerFired(on: RawSocket(socket)) ? 0 : -1
  case LWS_CALLBACK_RAW_CLOSE, LWS_CALLBACK_RAW_CLOSE_FILE, LWS_CALLBACK_WSI_DESTROY:
    // A connection that fails in its TLS handshake is destroyed without having been closed.
    unsafe service.closed(RawSocket(socket))
  case LWS_CALLBACK_EVENT_WAIT_CANCELLED: service.nudged()
  case LWS_CALLBACK_OPENSSL_LOAD_EXTRA_SERVER_VERIFY_CERTS:
    // The virtual host's SSL_CTX comes in the place of a connection's own data.
    unsafe service.tlsContext = OpaquePointer(user)
  default: break
  }
  return 0
}
