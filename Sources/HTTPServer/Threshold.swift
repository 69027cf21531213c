import CWebSockets
import Glibc

/// Where connections to a port with TLS wait for their first byte, which tells TLS from what comes without: left to itself,
/// libwebsockets begins a handshake with whoever connects.
///
/// A connection that waits is a descriptor to libwebsockets, which only says when it can be read. Used on the service
/// thread only.
@safe struct Threshold {
  /// A TLS record of a handshake (RFC 8446 §5.1).
  static let handshake: UInt8 = 22

  /// Connections taken before others have their turn.
  private static let batch = 64

  private let waiting: OpaquePointer
  private let served: OpaquePointer

  /// `served` is the virtual host with TLS, whose description `information` was; nil if there cannot be another one.
  init?(
    _ context: OpaquePointer, _ information: lws_context_creation_info, served: OpaquePointer
  ) {
    var information = unsafe information
    // Without a port of its own.
    unsafe information.port = -1
    unsafe information.iface = nil
    unsafe information.listen_accept_protocol = nil
    unsafe information.listen_accept_role = nil
    unsafe information.ssl_cipher_list = nil
    unsafe information.options = UInt64(LWS_SERVER_OPTION_EXPLICIT_VHOSTS)
    guard let waiting = unsafe lws_create_vhost(context, &information) else { return nil }
    unsafe self.waiting = waiting
    unsafe self.served = served
  }

  /// Has a connection just accepted wait; libwebsockets may close the descriptor that it knows.
  func take(_ descriptor: CInt) -> Bool {
    guard let own = Self.duplicate(descriptor) else { return false }
    return unsafe adopt(own, by: waiting, LWS_ADOPT_RAW_FILE_DESC.rawValue)
  }

  /// Takes more of the connections that a listening socket has: libwebsockets would look at all sockets before each.
  func takeMore(from listening: CInt, where admits: (HTTPRequest.Peer?) -> Bool) {
    for _ in 0..<Self.batch {
      // No address is asked for.
      let accepted = accept(listening, nil, nil)
      guard accepted >= 0 else { return }
      if admits(SocketAddress.peer(of: accepted)) { _ = take(accepted) }
      close(accepted)
    }
  }

  /// Has a connection served that waited until now. Its descriptor here is to be closed.
  func pass(_ descriptor: CInt, withTLS: Bool) -> Bool {
    guard let own = Self.duplicate(descriptor) else { return false }
    let security = withTLS ? LWS_ADOPT_ALLOW_SSL.rawValue : 0
    return unsafe adopt(own, by: served, LWS_ADOPT_SOCKET.rawValue | security)
  }

  private func adopt(_ descriptor: CInt, by host: OpaquePointer, _ kind: UInt32) -> Bool {
    var either = lws_sock_file_fd_type()
    unsafe either.sockfd = descriptor
    // The name is read before the call returns. Where it fails, it has closed the descriptor.
    return unsafe lws_adopt_descriptor_vhost(
      host, lws_adoption_type(rawValue: kind), either, "jumpa", nil) != nil
  }

  private static func duplicate(_ descriptor: CInt) -> CInt? {
    let own = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
    guard own >= 0 else { return nil }
    _ = fcntl(own, F_SETFL, fcntl(own, F_GETFL) | O_NONBLOCK)
    return own
  }
}
