/// Everything that can be set, in one table: flags, environment, configuration file, help and the
/// operator's page are all made from it.
public enum Setting: String, CaseIterable, Sendable {
  /// Where the web server listens.
  case host
  /// The web server's port.
  case port
  /// Where media is received.
  case udpHost = "udp-host"
  /// The media port.
  case udpPort = "udp-port"
  /// Where clients send media.
  case advertise
  /// Who says what the public address is.
  case stunServer = "stun-server"
  /// Where clients send media over TCP.
  case tcpPort = "tcp-port"
  /// How many media workers.
  case workers
  /// Where files are kept.
  case data
  /// The web client.
  case web
  /// Web pages elsewhere that may use the server.
  case allowOrigin = "allow-origin"
  /// The certificate.
  case tlsCert = "tls-cert"
  /// The certificate's key.
  case tlsKey = "tls-key"
  /// The names that an authority is asked to certify.
  case domain
  /// Whom that authority may write to.
  case acmeEmail = "acme-email"
  /// That authority.
  case acmeDirectory = "acme-directory"
  /// Who vouches for it.
  case acmeAuthority = "acme-ca"
  /// The port of plain HTTP beside HTTPS.
  case httpPort = "http-port"
  /// The size of a room.
  case maxParticipants = "max-participants"
  /// What pictures may be sent in.
  case videoCodecs = "video-codecs"
  /// Who may read the metrics.
  case metrics
  /// Whom the relay reaches.
  case relayTo = "relay-to"
  /// Ports of relays.
  case relayPorts = "relay-ports"
  /// Whether the relay connects to peers.
  case relayTCP = "relay-tcp"
  /// A port of the relay's own.
  case turnPort = "turn-port"
  /// A port of the relay's own, in TLS.
  case turnsPort = "turns-port"
  /// What time-limited credentials are made with.
  case turnSecret = "turn-secret"
  /// Users of the relay.
  case turnUser = "turn-user"
  /// What their passwords are for.
  case turnRealm = "turn-realm"
  /// Relays of one user.
  case relayQuota = "relay-quota"
  /// What one relay carries.
  case relayRate = "relay-rate"
  /// What all relays carry.
  case relayTotalRate = "relay-total-rate"

  /// The flag, such as `--udp-port`.
  public var flag: String { "--\(rawValue)" }

  /// The key in a configuration file, such as `udpPort`.
  public var key: String {
    let words = rawValue.split(separator: "-")
    return words.dropFirst().reduce(String(words.first ?? "")) { key, word in
      key + word.prefix(1).uppercased() + word.dropFirst()
    }
  }

  /// The environment variable, such as `JUMPA_UDP_PORT`.
  public var variable: String {
    "JUMPA_" + rawValue.uppercased().split(separator: "-").joined(separator: "_")
  }

  /// Whether it may be given several times.
  public var isList: Bool {
    [.advertise, .stunServer, .allowOrigin, .domain, .turnUser].contains(self)
  }

  /// What the value looks like.
  public var placeholder: String {
    switch self {
    case .host, .udpHost: "IP"
    case .port, .udpPort, .tcpPort, .httpPort: "PORT"
    case .advertise: "IP[:PORT]"
    case .stunServer: "HOST[:PORT]"
    case .workers, .maxParticipants: "N"
    case .data, .web: "DIR"
    case .allowOrigin: "ORIGIN"
    case .tlsCert, .tlsKey, .acmeAuthority: "FILE"
    case .domain: "NAME"
    case .acmeEmail: "ADDRESS"
    case .acmeDirectory: "URL"
    case .videoCodecs: "LIST"
    case .metrics: "WHO"
    case .relayTo, .relayPorts, .relayTCP, .turnPort, .turnsPort, .turnSecret, .turnUser,
      .turnRealm,
      .relayQuota, .relayRate, .relayTotalRate:
      relayPlaceholder
    }
  }

  /// What holds where nothing is set, in words.
  public var defaultText: String {
    switch self {
    case .host: "0.0.0.0"
    case .udpHost: "every interface"
    case .port: "8080, or 443 with --domain, or 8443 for jumpa demo"
    case .udpPort: "7880"
    case .advertise: "this machine's addresses"
    case .stunServer: "nobody is asked"
    case .tcpPort: "the web server's"
    case .workers: "one per core"
    case .data: "none; ~/.local/share/jumpa for jumpa demo"
    case .web: "found beside the program"
    case .allowOrigin: "none"
    case .tlsCert, .tlsKey, .domain: "plain HTTP"
    case .acmeEmail: "none"
    case .acmeDirectory: "Let's Encrypt"
    case .acmeAuthority: "the system's authorities"
    case .httpPort: "80 with --domain, 8080 for jumpa demo, otherwise none"
    case .maxParticipants: "100"
    case .videoCodecs: "vp8,h264,vp9,av1"
    case .metrics: "loopback"
    case .relayTo, .relayPorts, .relayTCP, .turnPort, .turnsPort, .turnSecret, .turnUser,
      .turnRealm,
      .relayQuota, .relayRate, .relayTotalRate:
      relayDefaultText
    }
  }

  /// What it does, in one line.
  public var summary: String {
    switch self {
    case .host: "address the web server listens on; 127.0.0.1 for this machine only"
    case .port: "TCP port of the web server; 0 takes a free one"
    case .udpHost: "address media is received on"
    case .udpPort: "UDP port of media, one for all workers"
    case .advertise: "public address that clients send media to, if it is not this machine's own"
    case .stunServer:
      "STUN server that is asked now and then for the public address to advertise; it learns yours"
    case .tcpPort:
      "TCP port at which clients reach the web server for media, if it is another one; 0 for none"
    case .workers: "media workers, each a thread; rooms are spread over them"
    case .data: "directory for what outlives a restart, such as certificates; made if missing"
    case .web: "directory of the web client"
    case .allowOrigin: "a web page elsewhere that may use the server, as https://meet.example"
    case .tlsCert: "certificate chain (PEM) for HTTPS; needs --tls-key"
    case .tlsKey: "private key (PEM) for HTTPS; needs --tls-cert"
    case .domain:
      "name of this server, for which a certificate is asked for and renewed by ACME; needs --data"
    case .acmeEmail: "where the certificate authority may write to"
    case .acmeDirectory: "the certificate authority's ACME directory"
    case .acmeAuthority: "authorities (PEM) that vouch for the ACME server itself"
    case .httpPort:
      "TCP port of plain HTTP beside HTTPS, which leads to HTTPS, and of health and metrics of jumpa turn; 0 for none"
    case .maxParticipants: "most participants in a room"
    case .videoCodecs: "video codecs that may be sent, the preferred one first"
    case .metrics: "who may read /metrics: loopback (programs on this machine), everyone or nobody"
    case .relayTo, .relayPorts, .relayTCP, .turnPort, .turnsPort, .turnSecret, .turnUser,
      .turnRealm,
      .relayQuota, .relayRate, .relayTotalRate:
      relaySummary
    }
  }

  /// The table of docs/operating.md.
  public static var markdownTable: String {
    let rows = allCases.map { setting in
      "| `\(setting.flag) \(setting.placeholder)` | `\(setting.key)` | `\(setting.variable)` | "
        + "\(setting.defaultText) | \(setting.summary)\(setting.isList ? "; may be repeated" : "") |"
    }
    return
      ([
        "| flag | key | variable | default | meaning |", "|---|---|---|---|---|",
      ] + rows).joined(separator: "\n")
  }
}
