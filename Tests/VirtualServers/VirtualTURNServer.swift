public import RTCTesting
public import TURN
public import Wire

/// A TURN server on the virtual network, which answers STUN's Binding requests as every TURN server does:
/// with no users it is a STUN server.
///
/// Its host has the relayed addresses too, from port 49,152 on.
public final class VirtualTURNServer: VirtualNode {
  /// The server; its statistics and its configuration are for tests to look at and to change.
  public let server: TURNServer
  /// Where clients ask.
  public let address: TransportAddress
  /// The host the server runs on.
  public let host: VirtualNetwork.Host
  /// What the server told its owner.
  public private(set) var events: [TURNServer.Event] = []
  /// Relayed addresses that are open.
  public private(set) var relays: Set<TransportAddress> = []
  /// How many more sockets there are for relays.
  public var remainingPorts = 1000
  private unowned let network: VirtualNetwork
  private let relayIPs: [IPAddress]
  private var nextPort: UInt16 = 49_152

  /// Adds a host with a server. `relayIPs` are the host's other addresses; without any, relays are on the
  /// server's own.
  public init(
    in network: VirtualNetwork, at address: TransportAddress, relayIPs: [IPAddress] = [],
    configuration: TURNServer.Configuration = .init(), conditions: LinkConditions = .perfect,
    seed: UInt64 = 1
  ) {
    self.network = network
    self.address = address
    self.relayIPs = [address.ip] + relayIPs
    var configuration = configuration
    configuration.listeners.append(address)
    server = TURNServer(configuration: configuration, random: .seeded(seed))
    host =
      relayIPs.first.map { network.addHost(address.ip, $0, conditions: conditions) }
      ?? network.addHost(address.ip, conditions: conditions)
    network.attach(self, to: host, at: address)
  }

  /// A server that lets one user relay to anybody in the virtual network.
  public static func open(
    in network: VirtualNetwork, at address: TransportAddress, relayIPs: [IPAddress] = [],
    username: String = "user", password: String = "secret", conditions: LinkConditions = .perfect
  ) -> VirtualTURNServer {
    var configuration = TURNServer.Configuration()
    configuration.authority.users = [username: password]
    configuration.peers = TURNPeerPolicy(others: .everybody)
    configuration.relaysToOwnRelays = true
    configuration.families = [.v4, .v6]
    return VirtualTURNServer(
      in: network, at: address, relayIPs: relayIPs, configuration: configuration,
      conditions: conditions)
  }

  /// When the server wants to be called.
  public var deadline: Instant? { server.deadline }

  /// Takes a datagram of a client or, at a relayed address, of a peer.
  public func receive(
    _ datagram: inout [UInt8], on path: Path, at now: Instant, into outbox: Outbox
  ) {
    if path.local == address {
      perform(at: now, into: outbox) { events in
        server.receive(datagram.span, on: path, at: now, into: outbox, events: &events)
      }
    } else {
      server.receiveRelayed(
        datagram.span, at: path.local, from: path.remote, at: now, into: outbox)
    }
  }

  /// Ends what has run out.
  public func advance(to now: Instant, into outbox: Outbox) {
    perform(at: now, into: outbox) { events in
      server.advance(to: now, into: outbox, events: &events)
    }
  }

  /// Calls the server and does what it asks for.
  public func perform(
    at now: Instant, into outbox: Outbox, _ body: (inout [TURNServer.Event]) -> Void
  ) {
    var new: [TURNServer.Event] = []
    body(&new)
    while !new.isEmpty {
      let event = new.removeFirst()
      events.append(event)
      switch event {
      case .openRelay(let id, let wish):
        let addresses = wish.families.flatMap { openRelays($0, wish.port) }
        server.relayOpened(id, at: addresses, now: now, into: outbox, events: &new)
      case .closeRelay(_, let relayed):
        relays.remove(relayed)
        network.detach(self, from: relayed)
      // There is no TCP between hosts of the virtual network.
      case .openPeerConnection(let id, _, _):
        server.peerConnectionOpened(
          id, succeeded: false, at: now, into: outbox, events: &new)
      case .allocated, .forbidFragmentation, .joinConnection, .closePeerConnection:
        break
      }
    }
  }

  private func openRelays(
    _ family: IPAddress.Family, _ port: TURNServer.RelayWish.Port
  ) -> [TransportAddress] {
    if port != .any, nextPort % 2 == 1 { nextPort += 1 }
    return (0..<(port == .evenAndNext ? 2 : 1)).compactMap { _ in openRelay(family) }
  }

  private func openRelay(_ family: IPAddress.Family) -> TransportAddress? {
    guard remainingPorts > 0, let ip = relayIPs.first(where: { $0.family == family }) else {
      return nil
    }
    remainingPorts -= 1
    let relayed = TransportAddress(ip: ip, port: nextPort)
    nextPort += 1
    relays.insert(relayed)
    network.attach(self, to: host, at: relayed)
    return relayed
  }
}
