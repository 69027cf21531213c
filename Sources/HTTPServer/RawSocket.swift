import CWebSockets
import Glibc

/// A connection as libwebsockets has it. Used on the service thread only, between the calls that say it was
/// opened and closed: `Service` keeps it no longer.
@safe struct RawSocket {
  private let socket: OpaquePointer

  init(_ socket: OpaquePointer) { unsafe self.socket = socket }

  /// The number given by `identify`; 0 before.
  var number: UInt64 { UInt64(unsafe UInt(bitPattern: lws_get_opaque_user_data(socket))) }

  var peer: HTTPRequest.Peer? { SocketAddress.peer(of: descriptor) }

  /// Our end.
  var local: HTTPRequest.Peer? { SocketAddress.local(of: descriptor) }

  /// Whether the last write is partly kept by libwebsockets.
  var keepsUnsent: Bool { unsafe lws_partial_buffered(socket) != 0 }

  /// Whether a write now would have to wait.
  var isChoked: Bool { unsafe lws_send_pipe_choked(socket) != 0 }

  /// What there is to read.
  enum Look {
    case byte(UInt8)
    case nothing
    case end
  }

  /// Looks at the next byte and leaves it where it is.
  func look() -> Look {
    var byte: UInt8 = 0
    let count = unsafe recv(descriptor, &byte, 1, CInt(MSG_PEEK) | CInt(MSG_DONTWAIT))
    guard count < 0 else { return count == 0 ? .end : .byte(byte) }
    return errno == EAGAIN || errno == EINTR ? .nothing : .end
  }

  func identify(_ number: UInt64) {
    // A number, never followed, in the place of a pointer.
    unsafe lws_set_opaque_user_data(socket, UnsafeMutableRawPointer(bitPattern: UInt(number)))
  }

  /// Small messages are not held back to be sent with later ones.
  func sendWithoutDelay() {
    var yes: CInt = 1
    let size = socklen_t(MemoryLayout<CInt>.size)
    // The option is read before the call returns.
    unsafe setsockopt(descriptor, CInt(IPPROTO_TCP), TCP_NODELAY, &yes, size)
  }

  /// Has the system take bytes only as long as so many have not been sent: what waits there cannot be dropped.
  func limitUnsent(to count: Int) {
    var count = CInt(clamping: count)
    let size = socklen_t(MemoryLayout<CInt>.size)
    // The option is read before the call returns.
    unsafe setsockopt(descriptor, CInt(IPPROTO_TCP), TCP_NOTSENT_LOWAT, &count, size)
  }

  /// False if the connection is broken.
  func write(_ bytes: ArraySlice<UInt8>) -> Bool {
    let count = unsafe bytes.withUnsafeBufferPointer { bytes in
      // libwebsockets reads the bytes and does not keep the pointer.
      unsafe lws_write(
        socket, UnsafeMutablePointer(mutating: bytes.baseAddress), bytes.count, LWS_WRITE_HTTP)
    }
    return count >= 0
  }

  func callWhenWritable() { unsafe lws_callback_on_writable(socket) }

  func setReading(_ reads: Bool) { unsafe lws_rx_flow_control(socket, reads ? 1 : 0) }

  func setTimer(_ delay: Duration) {
    let parts = max(.milliseconds(1), delay).components
    let microseconds = parts.seconds &* 1_000_000 &+ parts.attoseconds / 1_000_000_000_000
    unsafe lws_set_timer_usecs(socket, microseconds)
  }

  /// Ends the time libwebsockets allows for a TLS handshake.
  func cancelTimeout() { unsafe lws_set_timeout(socket, NO_PENDING_TIMEOUT, 0) }

  /// Says to the peer that nothing more is coming.
  func shutDownSending() { shutdown(descriptor, CInt(SHUT_WR)) }

  /// Closes as soon as libwebsockets is back in its loop, whoever called us.
  func closeSoon() { unsafe lws_set_timeout(socket, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_ASYNC) }

  var descriptor: CInt { unsafe lws_get_socket_fd(socket) }
}
