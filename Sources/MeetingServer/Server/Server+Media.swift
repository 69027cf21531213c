import Foundation
import Net
import Relay
import TURN
import Wire

extension Server {
  /// A server with media workers of its own, which are running when this returns.
  /// `log` hears what the operator should, a sentence at a time.
  public init(
    _ configuration: ServerConfiguration, log: @escaping @Sendable (String) -> Void = { _ in }
  ) async throws(ServerFault) {
    let workers = configuration.workers ?? ProcessInfo.processInfo.activeProcessorCount
    let plane: WorkerMediaPlane
    do {
      plane = try await WorkerMediaPlane(
        MediaConfiguration(
          host: configuration.udpHost, port: configuration.udpPort,
          advertised: configuration.advertised, workerCount: workers,
          videoCodecs: configuration.videoCodecs))
    } catch {
      throw ServerFault(mediaPort: configuration.udpPort, error)
    }
    let watch = AddressWatch(configuration, plane, log: log)
    let (addresses, notes) = await watch.begin()
    do throws(ServerFault) {
      if let data = configuration.dataDirectory { try prepareDataDirectory(data) }
      let encryption = try Encryption(configuration, log: log)
      let relay = try await Self.relay(
        configuration, plane, addresses, encryption?.certificates)
      try self.init(
        configuration, addressNotes: notes, encryption: encryption,
        streams: [plane.streamService] + (relay.map { [$0.server.streamService] } ?? []),
        plane: plane, relay: relay,
        listening: { [configuration] port in
          await watch.start { await relay?.follow($0, configuration) }
          guard let port = configuration.offeredStreamPort(listening: port) else { return }
          await plane.offerStreams(
            port: port, isFixed: configuration.tcpPort != nil, where: configuration.offersStreams)
        },
        stopPlane: {
          await watch.stop()
          await relay?.server.stop()
          await plane.stop()
        }, log: log)
    } catch {
      await plane.stop()
      throw error
    }
  }

  /// The relay at the media port, and at ports of its own where these are set. Unless it was told a secret it has
  /// a new one.
  private static func relay(
    _ configuration: ServerConfiguration, _ plane: WorkerMediaPlane, _ addresses: MediaAddresses,
    _ certificates: CertificateStore?
  ) async throws(ServerFault) -> MeetingRelay? {
    var configuration = configuration
    let peers = configuration.relay.peers ?? .own
    guard peers != .nobody else { return nil }
    let port = plane.port
    let secret = configuration.relay.secret ?? .random()
    configuration.relay.secret = secret
    var relay = try RelayServer.Configuration(
      configuration, host: configuration.udpHost, certificates: certificates)
    relay.turn.peers = peers.policy(own: addresses.vouched(port: port))
    do {
      let server = try RelayServer(relay, sharing: plane.shares)
      try await server.start()
      await plane.lead(to: server.doors)
      let place = RelayPlace(configuration.relayPlace(addresses))
      return MeetingRelay(
        server: server, secret: secret, place: place, port: port,
        webPort: configuration.relayWebPort)
    } catch {
      throw ServerFault(relay: error)
    }
  }
}

extension ServerConfiguration {
  /// The TCP port that clients are told to send media to; nil for none.
  func offeredStreamPort(listening port: UInt16) -> UInt16? {
    guard let tcpPort else { return port }
    return tcpPort == 0 ? nil : tcpPort
  }

  /// Where clients reach the relay, if that is not where they reach the web server.
  func relayPlace(_ addresses: MediaAddresses) -> TransportAddress? {
    let ips = addresses.found + (udpHost.map { [$0] } ?? [])
    return advertised.first ?? ips.first.map { TransportAddress(ip: $0, port: 0) }
  }

  /// How clients reach the relay by the web server's port: not where that is for this machine alone, which is where a
  /// proxy stands in front of it.
  var relayWebPort: MeetingRelay.WebPort? {
    guard tcpPort != 0, tcpPort != nil || !host.isLoopback else { return nil }
    return .init(isSecure: isSecure, number: tcpPort)
  }

  /// Whether clients are told to send media over TCP to an address: where the web server listens, as far as can be
  /// known from here; where the port was set, somebody has seen to it.
  @Sendable func offersStreams(at ip: IPAddress) -> Bool {
    if tcpPort != nil { return true }
    guard host.isUnspecified else {
      return ip == host || !host.isLoopback && advertised.contains { $0.ip == ip }
    }
    return host.family == .v6 || ip.family == .v4
  }
}

extension TURNSharedSecret {
  /// A secret that nobody else knows.
  fileprivate static func random() -> Self {
    var random = RandomSource.system
    return Self(random.bytes(24).map { String($0, radix: 16) }.joined(separator: "."))
  }
}
