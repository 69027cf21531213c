/// An IP address and a port.
public struct TransportAddress: Hashable, Sendable, CustomStringConvertible {
  /// The address.
  public var ip: IPAddress
  /// The port.
  public var port: UInt16

  /// The pair of `ip` and `port`.
  public init(ip: IPAddress, port: UInt16) {
    self.ip = ip
    self.port = port
  }

  /// Parses `a.b.c.d:port` or `[v6]:port`.
  public init?(_ text: some StringProtocol) {
    let text = Substring(text)
    guard let colon = text.lastIndex(of: ":") else { return nil }
    var host = text[..<colon]
    if host.first == "[", host.last == "]" {
      host = host.dropFirst().dropLast()
    } else if host.contains(":") {
      return nil
    }
    guard let ip = IPAddress(host), let port = UInt16(text[text.index(after: colon)...]) else {
      return nil
    }
    self.init(ip: ip, port: port)
  }

  /// `a.b.c.d:port` or `[v6]:port`.
  public var description: String {
    ip.family == .v4 ? "\(ip):\(port)" : "[\(ip)]:\(port)"
  }
}

/// Where a datagram came from, or is to leave by: one of our sockets and a remote address.
public struct Path: Hashable, Sendable {
  /// How bytes travel.
  public enum Transport: UInt8, Sendable {
    /// Datagrams.
    case udp
    /// A connection with frames: of RFC 4571 between peers, STUN's own towards a TURN server.
    case tcp
    /// TLS over TCP, towards a TURN server.
    case tls
  }

  /// How bytes travel.
  public var transport: Transport
  /// The address our socket is bound to (the ICE base). Unspecified for a socket on all interfaces.
  public var local: TransportAddress
  /// The address of the other side as we see it.
  public var remote: TransportAddress

  /// The path between `local` and `remote`.
  public init(
    transport: Transport = .udp, local: TransportAddress, remote: TransportAddress
  ) {
    self.transport = transport
    self.local = local
    self.remote = remote
  }
}
