import HTTPServer
import Net
import Relay
import TURN
public import Wire

/// A TURN and STUN server by itself: `jumpa turn`.
public struct StandaloneRelay: Sendable {
  private let server: RelayServer
  private let web: WebServer?
  private let keeper: CertificateKeeper?
  private let looking: Task<Void, Never>
  /// Where UDP is received.
  public var udp: [TransportAddress] { server.addresses }
  /// Where TCP connections are taken.
  public var tcp: [TransportAddress] { server.tcpAddresses }
  /// Where connections in TLS are taken.
  public var tls: [TransportAddress] { server.tlsAddresses }
  /// The port of health and metrics; nil where there is none.
  public var httpPort: UInt16? { web?.port }
  /// Whether anybody has credentials.
  public let hasUsers: Bool

  /// A server that is running when this returns.
  public init(
    _ configuration: ServerConfiguration, log: @escaping @Sendable (String) -> Void
  ) async throws(ServerFault) {
    var certificates: CertificateStore?
    var kept: CertificateKeeper?
    if let files = configuration.tls {
      let store = CertificateStore()
      kept = try CertificateKeeper(
        CertificateFiles(certificate: files.certificate, key: files.key), store: store, log: log)
      certificates = store
    }
    let keeper = kept
    self.keeper = keeper
    var configuration = configuration
    configuration.relay.port = configuration.relay.port ?? 3478
    configuration.relay.tlsPort = configuration.relay.tlsPort ?? 5349
    let host = configuration.host.isUnspecified ? nil : configuration.host
    var relay = try RelayServer.Configuration(
      configuration, host: host, certificates: certificates)
    relay.advertisedHosts = configuration.advertised.map(\.ip)
    relay.turn.peers = (configuration.relay.peers ?? .publicAddresses).policy(own: [])
    relay.turn.maximumAllocations = 16_384
    // Two clients that both need the relay meet between two relays.
    relay.turn.relaysToOwnRelays = configuration.relay.peers == .everyone
    hasUsers = configuration.relay.secret != nil || !configuration.relay.users.isEmpty
    do {
      server = try RelayServer(relay)
      try await server.start()
    } catch {
      throw ServerFault(relay: error)
    }
    web = configuration.plainPort.map { [server] in
      Self.web(server, at: configuration.host, port: $0, for: configuration.metrics)
    }
    do throws(HTTPServerError) { try await web?.start() } catch {
      await server.stop()
      throw ServerFault("\(Setting.httpPort.flag): \(error)")
    }
    looking = Task {
      while let keeper, !Task.isCancelled {
        await keeper.look()
        try? await Task.sleep(for: Encryption.interval)
      }
    }
  }

  /// What a service manager and a collector of metrics ask.
  private static func web(
    _ server: RelayServer, at host: IPAddress, port: UInt16, for audience: MetricsAudience
  ) -> WebServer {
    let requests = RequestCounts()
    let health = HealthRoutes()
    let metrics = MetricsRoute(relay: server, audience: audience, requests: requests)
    return WebServer(
      configuration: Configuration(host: "\(host)", port: port),
      routes: Routes(
        handler: { request in
          if let response = await health.respond(to: request) { return response }
          return await metrics.respond(to: request) ?? .status(.notFound)
        }, observer: { _, status in requests.note(status) }))
  }

  /// Reads the certificate again.
  public func reload() async { await keeper?.reload() }

  /// Ends all allocations and the thread.
  public func stop() async {
    looking.cancel()
    await web?.stop()
    await server.stop()
  }
}
