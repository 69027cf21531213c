extension Setting {
  /// What `jumpa turn` takes.
  public static let ofRelay: [Setting] = [
    .host, .turnPort, .turnsPort, .tlsCert, .tlsKey, .advertise, .relayTo, .relayPorts, .relayTCP,
    .turnSecret, .turnUser, .turnRealm, .relayQuota, .relayRate, .relayTotalRate, .httpPort,
    .metrics,
  ]

  var relayPlaceholder: String {
    switch self {
    case .turnPort, .turnsPort: "PORT"
    case .relayPorts: "FIRST-LAST"
    case .relayTCP: "yes/no"
    case .turnSecret: "TEXT"
    case .turnUser: "NAME:PASSWORD"
    case .turnRealm: "NAME"
    case .relayQuota: "N"
    case .relayRate, .relayTotalRate: "KBITS"
    default: "WHO"
    }
  }

  var relayDefaultText: String {
    switch self {
    case .relayTo: "own, and public for jumpa turn"
    case .turnPort: "none, and 3478 for jumpa turn"
    case .turnsPort: "none, and 5349 for jumpa turn"
    case .relayPorts: "any"
    case .relayTCP: "no"
    case .turnSecret: "new with each start"
    case .turnUser: "none"
    case .turnRealm: "jumpa"
    case .relayQuota: "4"
    default: "no limit"
    }
  }

  var relaySummary: String {
    switch self {
    case .relayTo:
      "whom TURN clients reach: own (this server's media), public (the Internet), everyone, blocks such as 10.1.0.0/16, or nobody (no TURN)"
    case .turnPort: "UDP and TCP port for STUN and TURN, besides the media port"
    case .turnsPort: "TCP port for TURN in TLS; needs --tls-cert"
    case .relayPorts: "UDP ports that relays are given, such as 49152-65535"
    case .relayTCP: "whether TURN clients may have TCP connections to their peers (RFC 6062)"
    case .turnSecret: "secret that time-limited TURN credentials are made with"
    case .turnUser: "TURN user with a password that does not run out"
    case .turnRealm: "what TURN passwords are for"
    case .relayQuota:
      "relays of one TURN user at a time; beyond it one that was not used for 30 s gives way"
    case .relayRate: "what one relay may carry, both ways together, in kbit/s"
    default: "what all relays together may carry, in kbit/s"
    }
  }
}
