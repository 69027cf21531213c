import Wire

/// One finding of the doctor's.
public struct DoctorFinding: Sendable, Equatable, Codable {
  /// How it is.
  public enum Level: String, Sendable, Codable {
    /// As it should be.
    case good
    /// Not as it should be, but meetings work.
    case warning
    /// Something does not work.
    case bad
    /// It could not be tested.
    case none
  }

  /// A rule that opens a port.
  public struct Rule: Sendable, Equatable, Codable {
    /// Where it is to be set.
    public var place: String
    /// The rule.
    public var text: String
  }

  private static let sentenceLimit = 1_000

  /// What it is about: `dns`, `web`, `certificate`, `trust`, `clock`, `websocket`, `udp`, `tcp`, `turn-udp`, `turn-tcp`, `turn-tls`,
  /// `bandwidth` or `delay`; a way over one family of addresses has `-ipv4` or `-ipv6` behind it, and a family that could not
  /// be tried is called that.
  public var id: String
  /// How it is.
  public var level: Level
  /// The finding in one sentence.
  public var sentence: String
  /// What to set where something is closed.
  public var rules: [Rule]

  /// What a server that is examined says may be part of the sentence: nothing in it steers a terminal.
  init(_ id: String, _ level: Level, _ sentence: String, rules: [Rule] = []) {
    self.id = id
    self.level = level
    self.sentence = String(
      String.UnicodeScalarView(
        sentence.unicodeScalars.prefix(Self.sentenceLimit).map {
          $0.properties.generalCategory == .control ? " " : $0
        }))
    self.rules = rules
  }

  /// What lets ports in: over both families of addresses, or over one, to addresses of the server's.
  static func rules(
    _ transport: String, _ ports: [UInt16], over family: IPAddress.Family? = nil,
    to addresses: [IPAddress] = []
  ) -> [Rule] {
    let name = transport.uppercased()
    let everybody =
      switch family {
      case .v4: "0.0.0.0/0"
      case .v6: "::/0"
      case nil: "0.0.0.0/0 and ::/0"
      }
    let list = addresses.map { "\($0)" }.joined(separator: " and ")
    return ports.flatMap { port in
      [
        Rule(place: "ufw", text: "sudo ufw allow \(port)/\(transport)"),
        Rule(
          place: "nftables",
          text: "sudo nft add rule inet filter input \(transport) dport \(port) accept"),
        Rule(
          place: "cloud firewall", text: "let in \(name) \(port) from \(everybody)"),
        Rule(
          place: "router",
          text: family == .v6
            ? "let \(name) \(port) in to \(list): nothing is forwarded over IPv6"
            : "forward \(name) \(port) to \(name) \(port) of the server in its network"),
      ]
    }
  }
}
