/// Everything that can be set, in one table: flags, environment, configuration file, help and the
/// operator's page are all made from it.
public enum Setting: String, CaseIterable, Sendable {
  /// Where the web server listens.
  case host
  /// The web server's port.
  case port
  /// Where media is received.
  case udpHost = "udp-host"
  /// The first worker's media port.
  case udpPort = "udp-port"
  /// Where clients send media.
  case advertise
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
  /// The size of a room.
  case maxParticipants = "max-participants"

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
  public var isList: Bool { self == .advertise || self == .allowOrigin }

  /// What the value looks like.
  public var placeholder: String {
    switch self {
    case .host, .udpHost: "IP"
    case .port, .udpPort: "PORT"
    case .advertise: "IP[:PORT]"
    case .workers, .maxParticipants: "N"
    case .data, .web: "DIR"
    case .allowOrigin: "ORIGIN"
    case .tlsCert, .tlsKey: "FILE"
    }
  }

  /// What holds where nothing is set, in words.
  public var defaultText: String {
    switch self {
    case .host: "0.0.0.0"
    case .udpHost: "every interface"
    case .port: "8080"
    case .udpPort: "7880"
    case .advertise: "this machine's addresses"
    case .workers: "one per core"
    case .data: "none"
    case .web: "found beside the program"
    case .allowOrigin: "none"
    case .tlsCert, .tlsKey: "plain HTTP"
    case .maxParticipants: "100"
    }
  }

  /// What it does, in one line.
  public var summary: String {
    switch self {
    case .host: "address the web server listens on; 127.0.0.1 for this machine only"
    case .port: "TCP port of the web server; 0 takes a free one"
    case .udpHost: "address media is received on"
    case .udpPort: "UDP port of the first media worker; each further one takes the next"
    case .advertise: "public address that clients send media to, if it is not this machine's own"
    case .workers: "media workers, each a thread with its own UDP port"
    case .data: "directory for what outlives a restart; made if missing; unused so far"
    case .web: "directory of the web client"
    case .allowOrigin: "a web page elsewhere that may use the server, as https://meet.example"
    case .tlsCert: "certificate chain (PEM) for HTTPS; needs --tls-key"
    case .tlsKey: "private key (PEM) for HTTPS; needs --tls-cert"
    case .maxParticipants: "most participants in a room"
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
