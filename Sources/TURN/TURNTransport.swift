/// How a client reaches its TURN server (RFC 8656 §3.1).
public enum TURNTransport: UInt8, Sendable, Hashable {
  /// Datagrams.
  case udp
  /// A TCP connection.
  case tcp
  /// TLS over TCP.
  case tls
}
