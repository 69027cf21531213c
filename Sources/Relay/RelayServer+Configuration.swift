public import Net
public import TURN
public import Wire

extension RelayServer {
  /// Why there is no server.
  public enum Failure: Error, Equatable, Sendable {
    /// A port cannot be had, or something else of the system's.
    case system(SystemError)
    /// TLS is wanted, and there is no certificate, or no context.
    case withoutCertificate
  }

  /// Where a relay is reached, from where it relays, and what the machine behind it allows.
  public struct Configuration: Sendable {
    /// Who may relay, to whom and how much. `listeners` and `families` are found out from what is bound.
    public var turn = TURNServer.Configuration()
    /// Where clients' datagrams are received; an unspecified address is every interface.
    public var udp: [TransportAddress] = []
    /// Where clients' connections are taken.
    public var tcp: [TransportAddress] = []
    /// Where clients' connections in TLS are taken; needs `certificates`.
    public var tls: [TransportAddress] = []
    /// What the server shows in TLS; it may be replaced while the server runs.
    public var certificates: CertificateStore?
    /// Connections of one IPv4 address or /64 of IPv6 at a time.
    public var maximumConnectionsPerAddress = 256
    /// Connections at a time.
    public var maximumConnections = 16_384
    /// This machine's addresses that relays are bound to, one of each family at most.
    public var relayHosts: [IPAddress] = []
    /// As whom peers see the relays, by family, where these are not the bound addresses (1:1 translation).
    public var advertisedHosts: [IPAddress] = []
    /// Ports of relays; nil leaves them to the system.
    public var relayPorts: ClosedRange<UInt16>?
    /// The most that a datagram waits for others, so that they are read, and leave, as one.
    public var burstDelay = Duration.milliseconds(1)

    /// A relay that nobody reaches.
    public init() {}
  }
}
