import Net
import Relay
import Signaling
import TURN
import Wire

/// The relay of a meeting server, and the desk where its credentials are given out.
struct MeetingRelay: RelayAccess {
  let server: RelayServer
  let secret: TURNSharedSecret
  let place: RelayPlace
  /// The UDP port of the relay that clients are told.
  let port: UInt16
  /// How the relay is reached by the web server's port; nil where it is not.
  var webPort: WebPort?

  /// The web server's port as clients know it.
  struct WebPort: Equatable {
    /// Whether it speaks TLS.
    var isSecure: Bool
    /// Its number, if it is not the one by which clients came.
    var number: UInt16?

    /// The relay at the port that a `Host` field says, under the name there, which is what the certificate is for.
    func url(reachedAs host: String) -> String? {
      guard let name = MeetingRelay.name(inHost: host) else { return nil }
      let rest =
        host.hasPrefix("[")
        ? host.drop { $0 != "]" }.dropFirst() : host.drop { $0 != ":" }
      guard let port = number ?? (rest.isEmpty ? standard : UInt16(rest.dropFirst())) else {
        return nil
      }
      return "\(isSecure ? "turns" : "turn"):\(name):\(port)?transport=tcp"
    }

    /// The port that browsers leave out.
    private var standard: UInt16 { isSecure ? 443 : 80 }
  }

  func servers(
    for name: String, reachedAt host: String?, lasting lifetime: Duration
  ) -> ICEServerDescription {
    let now = (MonotonicClock.unixOffset() + (MonotonicClock.now() - .zero)).milliseconds / 1000
    let credentials = secret.credentials(for: name, expiresAt: now + lifetime.milliseconds / 1000)
    return ICEServerDescription(
      urls: urls(reachedAt: host), username: credentials.username,
      credential: credentials.password)
  }

  var udpPort: UInt16 { place.address.flatMap { $0.port == 0 ? nil : $0.port } ?? port }

  func transports(
    relayingAt addresses: [TransportAddress]
  ) async -> [TransportAddress: Path.Transport] {
    await server.transports(relayingAt: addresses)
  }

  private func urls(reachedAt host: String?) -> [String] {
    var name = host.flatMap(Self.name(inHost:)) ?? "localhost"
    if let advertised = place.address {
      name = advertised.ip.family == .v4 ? "\(advertised.ip)" : "[\(advertised.ip)]"
    }
    var urls = ["turn:\(name):\(udpPort)?transport=udp"]
    if let port = server.tcpAddresses.first?.port {
      urls.append("turn:\(name):\(port)?transport=tcp")
    }
    if let port = server.tlsAddresses.first?.port {
      urls.append("turns:\(name):\(port)?transport=tcp")
    }
    return urls + [host.flatMap { webPort?.url(reachedAs: $0) }].compactMap(\.self)
  }

  /// The name or address of a `Host` field, which its sender may have filled with anything.
  static func name(inHost host: String) -> String? {
    var name = Substring(host)
    if host.hasPrefix("[") {
      guard let end = host.firstIndex(of: "]"),
        let ip = IPAddress(host[host.index(after: host.startIndex)..<end]), ip.family == .v6
      else { return nil }
      return "[\(ip)]"
    }
    if let colon = host.lastIndex(of: ":") { name = host[..<colon] }
    let isName = name.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."):
        true
      default: false
      }
    }
    return isName && (1...253).contains(name.utf8.count) ? String(name) : nil
  }

  /// Takes over that the addresses of media have changed. What only may lead here is none that a relay may send to.
  func follow(_ addresses: MediaAddresses, _ configuration: ServerConfiguration) async {
    let peers = configuration.relay.peers ?? .own
    await server.setPeers(peers.policy(own: addresses.vouched(port: port)))
    place.address = configuration.relayPlace(addresses)
  }

  func revoke(_ username: String) async { await server.revoke(username: username) }

  var metrics: [MetricFamily] {
    get async { RelayMetrics.families(await server.figures) }
  }
}
