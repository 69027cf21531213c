public import Wire

/// An address at which an agent may be reached (RFC 8445 §5.1).
public struct ICECandidate: Sendable, Hashable {
  /// How the address came about (RFC 8445 §5.1.1).
  public enum Kind: String, Sendable {
    /// An address of one of the machine's interfaces.
    case host
    /// What a STUN server saw.
    case serverReflexive = "srflx"
    /// What the other agent saw.
    case peerReflexive = "prflx"
    /// An address on a TURN server.
    case relayed = "relay"

    /// RFC 8445 §5.1.2.2. Whatever goes over TCP comes after all direct ways over UDP (RFC 6544 §4.2).
    func typePreference(_ transport: Path.Transport) -> UInt32 {
      switch self {
      case .host: transport == .udp ? 126 : 90
      case .peerReflexive: transport == .udp ? 110 : 80
      case .serverReflexive: transport == .udp ? 100 : 70
      case .relayed: 0
      }
    }
  }

  /// Who opens the connection of a TCP candidate (RFC 6544 §4.5).
  public enum TCPType: String, Sendable {
    /// The candidate's owner does.
    case active
    /// The other side does.
    case passive
    /// Both do at once.
    case simultaneousOpen = "so"

    /// RFC 6544 §4.2: connections out are the likeliest to work, and behind a translator those that
    /// both open.
    func directionPreference(_ kind: Kind) -> UInt16 {
      switch (self, kind) {
      case (.active, .host), (.active, .relayed), (.simultaneousOpen, .serverReflexive),
        (.simultaneousOpen, .peerReflexive):
        6
      case (.passive, .host), (.passive, .relayed), (.active, _): 4
      case (.simultaneousOpen, _), (.passive, _): 2
      }
    }
  }

  /// Groups candidates of like origin; 1–32 characters.
  public var foundation: String
  /// 1 for RTP and everything multiplexed with it; 1–256.
  public var component: Int
  /// UDP or TCP.
  public var transport: Path.Transport
  /// 1…2³¹−1, larger is better.
  public var priority: UInt32
  /// Where to send.
  public var address: TransportAddress
  /// How the address came about.
  public var kind: Kind
  /// The base of a reflexive candidate or the mapped address of a relayed one, for diagnosis.
  public var relatedAddress: TransportAddress?
  /// Only with TCP.
  public var tcpType: TCPType?
  /// The `ufrag` extension of trickled candidates: which generation they belong to.
  public var usernameFragment: String?

  /// The port of an active candidate, to which nobody ever connects (RFC 6544 §4.5).
  public static var activePort: UInt16 { 9 }

  /// A candidate; without `priority` it gets the recommended one (RFC 8445 §5.1.2.1, for TCP RFC 6544
  /// §4.2), without `foundation` one made of kind, transport and family.
  public init(
    kind: Kind = .host, address: TransportAddress, transport: Path.Transport = .udp,
    component: Int = 1, priority: UInt32? = nil, localPreference: UInt16 = 65_535,
    foundation: String? = nil, relatedAddress: TransportAddress? = nil, tcpType: TCPType? = nil
  ) {
    self.kind = kind
    self.address = address
    self.transport = transport
    self.component = component
    self.priority =
      priority
      ?? Self.priority(
        kind: kind, localPreference: localPreference, component: component, transport: transport,
        tcpType: tcpType)
    self.foundation =
      foundation
      ?? "\(kind.typePreference(.udp))\(transport.rawValue)\(address.ip.family.rawValue)"
    self.relatedAddress = relatedAddress
    self.tcpType = tcpType
  }

  /// The recommended priority (RFC 8445 §5.1.2.1, for TCP RFC 6544 §4.2).
  public static func priority(
    kind: Kind, localPreference: UInt16, component: Int, transport: Path.Transport = .udp,
    tcpType: TCPType? = nil
  ) -> UInt32 {
    let componentPart = UInt32(clamping: 256 - min(max(component, 1), 256))
    var preference = localPreference
    if let tcpType { preference = tcpType.directionPreference(kind) << 13 | localPreference >> 3 }
    return kind.typePreference(transport) << 24 | UInt32(preference) << 8 | componentPart
  }

  /// Whether an agent may send to the address at all: not unspecified, not multicast, not port 0,
  /// not one of the addresses where cloud machines ask for their secrets, and over TCP to no port
  /// where other services than the web's listen.
  public var hasUsableAddress: Bool {
    let ip = address.ip.canonical
    if transport != .udp, tcpType != .active, address.port < 1024, address.port != 80,
      address.port != 443
    {
      return false
    }
    return !ip.isUnspecified && !ip.isMulticast && address.port != 0 && ip != Self.metadataV4
      && ip != Self.metadataV6 && ip != Self.broadcast
  }

  private static let broadcast = IPAddress(255, 255, 255, 255)
  private static let metadataV4 = IPAddress(169, 254, 169, 254)
  private static let metadataV6 = IPAddress(v6High: 0xfd00_0ec2_0000_0000, low: 0x254)
}
