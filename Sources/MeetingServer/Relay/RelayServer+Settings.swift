import Net
import Relay
import TURN
import Wire

extension RelayServer.Configuration {
  /// What settings say: who may relay how much, from which of this machine's addresses, and the ports besides
  /// those of media.
  init(
    _ configuration: ServerConfiguration, host: IPAddress?, certificates: CertificateStore?
  ) throws(ServerFault) {
    self.init()
    // Each relay is a socket.
    DescriptorLimit.raise()
    let settings = configuration.relay
    settings.configure(&turn)
    relayPorts = settings.relayPorts
    let interfaces: [NetworkInterface]
    do throws(SystemError) { interfaces = try NetworkInterface.all() } catch {
      throw ServerFault("the relay does not start: \(error)")
    }
    relayHosts = RelayHosts.of(interfaces, named: host)
    let hasIPv6 = interfaces.contains { $0.ip.family == .v6 }
    let all = hasIPv6 ? IPAddress(v6High: 0, low: 0) : IPAddress(v4: 0)
    func address(_ port: UInt16?) -> [TransportAddress] {
      port.map { [TransportAddress(ip: host ?? all, port: $0)] } ?? []
    }
    udp = address(settings.port)
    tcp = address(settings.port)
    guard let certificates else { return }
    tls = address(settings.tlsPort)
    self.certificates = certificates
  }
}

extension ServerFault {
  init(relay error: any Error) {
    switch error {
    case RelayServer.Failure.system(let error) where error.isAddressInUse:
      self.init(
        "a port of the relay is in use by another program (\(error)); stop it or choose another "
          + "with \(Setting.turnPort.flag) and \(Setting.turnsPort.flag)")
    case RelayServer.Failure.withoutCertificate:
      self.init(
        "the TLS certificate or key cannot be used; see \(Setting.tlsCert.flag) and "
          + "\(Setting.tlsKey.flag)")
    case RelayServer.Failure.system(let error): self.init("the relay does not start: \(error)")
    default: self.init("the relay does not start: \(error)")
    }
  }
}
