import Signaling
import Wire

/// One way by which media may reach a server, tried by itself.
enum DoctorWay: String, CaseIterable, Sendable {
  case udp
  case tcp
  case relayUDP = "turn-udp"
  case relayTCP = "turn-tcp"
  case relayTLS = "turn-tls"

  /// What the firewall has to let in.
  var transport: String { self == .udp || self == .relayUDP ? "udp" : "tcp" }

  /// Whether it leads through the server's relay.
  var isRelayed: Bool { self != .udp && self != .tcp }

  /// What it is called in the middle of a sentence.
  var name: String {
    switch self {
    case .udp: "UDP"
    case .tcp: "TCP"
    case .relayUDP: "the relay over UDP"
    case .relayTCP: "the relay over TCP"
    case .relayTLS: "the relay over TLS"
    }
  }

  /// The relays of this way, each URL with its credentials.
  func relays(among servers: [ICEServerDescription]) -> [ICEServerDescription] {
    guard isRelayed else { return [] }
    return servers.compactMap { server in
      var chosen = server
      chosen.urls = server.urls.filter(leads)
      return chosen.urls.isEmpty ? nil : chosen
    }
  }

  private func leads(by url: String) -> Bool {
    switch self {
    case .udp, .tcp: false
    case .relayUDP: url.hasPrefix("turn:") && !url.hasSuffix("transport=tcp")
    case .relayTCP: url.hasPrefix("turn:") && url.hasSuffix("transport=tcp")
    case .relayTLS: url.hasPrefix("turns:")
    }
  }

  /// The name or address that a relay's URL names (RFC 7065 §3.1).
  static func host(of url: String) -> String {
    let rest = url.drop { $0 != ":" }.dropFirst().prefix { $0 != "?" }
    return rest.hasPrefix("[")
      ? String(rest.dropFirst().prefix { $0 != "]" }) : String(rest.prefix { $0 != ":" })
  }

  /// The port that a relay's URL names (RFC 7065 §3.1).
  static func port(of url: String) -> UInt16 {
    let rest = url.drop { $0 != ":" }.dropFirst().prefix { $0 != "?" }
    let number =
      rest.hasPrefix("[") ? rest.drop { $0 != "]" }.dropFirst() : rest.drop { $0 != ":" }
    return UInt16(number.dropFirst()) ?? (url.hasPrefix("turns:") ? 5349 : 3478)
  }
}

/// A description's candidates, one transport's of them or none, of all families or of one.
struct DoctorCandidates {
  /// The description with the candidates that are left.
  var sdp: String
  /// Where these lead, as `ip` and `port`.
  var addresses: [(ip: String, port: UInt16)] = []

  /// Leaves the candidates of a transport, `udp` or `tcp`; without one it leaves none. Names count as of each family.
  init(_ sdp: String, of transport: String?, in family: IPAddress.Family? = nil) {
    var addresses: [(ip: String, port: UInt16)] = []
    let lines = sdp.split(separator: "\r\n", omittingEmptySubsequences: false).filter { line in
      guard line.hasPrefix("a=candidate:") else { return true }
      let words = line.split(separator: " ")
      guard let transport, words.count > 5, words[2].lowercased() == transport,
        let port = UInt16(words[5]),
        family == nil || (IPAddress(words[4])?.family ?? family) == family
      else { return false }
      addresses.append((String(words[4]), port))
      return true
    }
    self.sdp = lines.joined(separator: "\r\n")
    self.addresses = addresses
  }
}
