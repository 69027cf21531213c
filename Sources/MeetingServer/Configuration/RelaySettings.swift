public import TURN
import Wire

/// Whether and to whom the server relays.
public struct RelaySettings: Sendable, Equatable {
  /// Whom clients may reach through the relay.
  public enum Peers: Sendable, Equatable {
    /// Nobody: there is no relay.
    case nobody
    /// This server's media alone.
    case own
    /// Addresses of the open Internet.
    case publicAddresses
    /// Anybody, machines beside the server among them.
    case everyone
    /// These blocks alone.
    case ranges([IPAddressRange])

    /// Reads what a setting says; nil for what is none of these.
    init?(_ text: String) {
      switch text {
      case "nobody": self = .nobody
      case "own": self = .own
      case "public": self = .publicAddresses
      case "everyone": self = .everyone
      default:
        let parts = text.split(separator: ",", omittingEmptySubsequences: false)
        let ranges = parts.compactMap { IPAddressRange($0) }
        guard ranges.count == parts.count, !ranges.isEmpty else { return nil }
        self = .ranges(ranges)
      }
    }

    /// The relay's policy, which always lets through to `own`.
    func policy(own: [TransportAddress]) -> TURNPeerPolicy {
      switch self {
      case .nobody, .own: .only(own)
      case .publicAddresses: TURNPeerPolicy(others: .publicAddresses, allowed: own)
      case .everyone: TURNPeerPolicy(others: .everybody, allowed: own)
      case .ranges(let ranges):
        TURNPeerPolicy(others: .nobody, allowed: own, allowedRanges: ranges)
      }
    }
  }

  /// Whom clients may reach; nil where nothing was said.
  public var peers: Peers?
  /// A port for UDP and TCP.
  public var port: UInt16?
  /// A port for TLS.
  public var tlsPort: UInt16?
  /// Ports of relays.
  public var relayPorts: ClosedRange<UInt16>?
  /// Whether clients may have connections to peers (RFC 6062).
  public var relaysTCP = false
  /// What time-limited credentials are made with; nil for a secret that nobody else knows.
  public var secret: TURNSharedSecret?
  /// Passwords by user name.
  public var users: [String: String] = [:]
  /// What passwords are for.
  public var realm = "jumpa"
  /// Relays of one user at a time.
  public var quota = 4
  /// Bytes per second of one relay.
  public var bytesPerSecond: Int64?
  /// Bytes per second of all relays.
  public var bytesPerSecondOfAll: Int64?

  /// The defaults.
  public init() {}

  /// What the machine is told of it.
  func configure(_ turn: inout TURNServer.Configuration) {
    turn.realm = realm
    turn.authority.users = users
    turn.authority.secrets = secret.map { [$0] } ?? []
    turn.relaysTCP = relaysTCP
    turn.maximumAllocationsPerUser = quota
    turn.maximumBytesPerSecond = bytesPerSecond
    turn.maximumBytesPerSecondOfAll = bytesPerSecondOfAll
  }

  /// Takes what a setting says. Gives what is wrong with it, if anything is.
  mutating func set(_ setting: Setting, _ text: String) -> String? {
    switch setting {
    case .relayTo:
      guard let peers = Peers(text) else {
        return "not own, public, everyone, nobody or blocks such as 10.1.0.0/16,2001:db8::/32"
      }
      self.peers = peers
    case .relayPorts:
      let parts = text.split(separator: "-", omittingEmptySubsequences: false)
      let ports = parts.compactMap { UInt16($0) }
      guard parts.count == 2, ports.count == 2, ports[0] > 0, ports[0] <= ports[1] else {
        return "not two ports such as 49152-65535"
      }
      relayPorts = ports[0]...ports[1]
    case .relayTCP:
      guard ["yes", "no"].contains(text) else { return "not yes or no" }
      relaysTCP = text == "yes"
    case .turnUser:
      let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else {
        return "not a name and a password such as ana:secret"
      }
      users[String(parts[0])] = String(parts[1])
    case .turnSecret:
      guard !text.isEmpty else { return "empty" }
      secret = TURNSharedSecret(text)
    case .turnRealm:
      guard (1...127).contains(text.utf8.count) else { return "not 1 to 127 bytes long" }
      realm = text
    default: return setNumber(setting, text)
    }
    return nil
  }

  private mutating func setNumber(_ setting: Setting, _ text: String) -> String? {
    let range =
      switch setting {
      case .turnPort, .turnsPort: 0...65_535
      case .relayQuota: 1...100_000
      default: 1...1_000_000_000
      }
    guard let number = Int(text), range.contains(number) else {
      return "not a number from \(range.lowerBound) to \(range.upperBound)"
    }
    switch setting {
    case .turnPort: port = UInt16(clamping: number)
    case .turnsPort: tlsPort = UInt16(clamping: number)
    case .relayQuota: quota = number
    case .relayRate: bytesPerSecond = Int64(number) * 125
    default: bytesPerSecondOfAll = Int64(number) * 125
    }
    return nil
  }
}
