import RTCTesting
import STUN
import TURN
import VirtualServers
import Wire

/// A client of a TURN server on the virtual network, with what it heard.
final class ClientNode: VirtualNode {
  let client: TURNClient
  private(set) var events: [TURNClient.Event] = []
  private(set) var received: [(bytes: [UInt8], peer: TransportAddress)] = []
  /// What arrived that was not for the client.
  private(set) var foreignCount = 0
  /// First bytes of what arrived: 0 or 1 for STUN, 0x40 for ChannelData.
  private(set) var firstBytes: [UInt8] = []

  init(_ client: TURNClient) { self.client = client }

  var deadline: Instant? { client.deadline }

  func receive(_ datagram: inout [UInt8], on path: Path, at now: Instant, into outbox: Outbox) {
    firstBytes.append(datagram.first ?? 0xff)
    guard path == client.path else {
      foreignCount += 1
      return
    }
    switch client.receive(datagram.span, at: now, into: outbox, events: &events) {
    case .notMine: foreignCount += 1
    case .consumed: break
    case .data(let range, let peer): received.append((Array(datagram[range]), peer))
    }
  }

  func advance(to now: Instant, into outbox: Outbox) {
    client.advance(to: now, into: outbox, events: &events)
  }

  var failure: TURNFailure? {
    for case .failed(let failure) in events { return failure }
    return nil
  }
}

/// A peer that sends back what it gets.
final class EchoNode: VirtualNode {
  private(set) var received: [(bytes: [UInt8], path: Path)] = []
  var echoes = true
  var deadline: Instant? { nil }
  func advance(to _: Instant, into _: Outbox) {}
  func receive(_ datagram: inout [UInt8], on path: Path, at _: Instant, into outbox: Outbox) {
    received.append((datagram, path))
    if echoes { outbox.append(datagram.span, on: path) }
  }
}

/// A server, a peer, and clients as they are added.
final class TURNWorld {
  static let serverAddress = TransportAddress(ip: IPAddress(198, 51, 100, 1), port: 3478)
  static let relayV6 = IPAddress(v6High: 0x2a00_0001_0000_0000, low: 1)
  static let peerAddress = TransportAddress(ip: IPAddress(192, 0, 2, 77), port: 7000)
  static let peerAddressV6 = TransportAddress(
    ip: IPAddress(v6High: 0x2a00_0002_0000_0000, low: 7), port: 7000)

  let network: VirtualNetwork
  let server: VirtualTURNServer
  let peer = EchoNode()
  let conditions: LinkConditions
  private var clientCount = 0

  init(
    seed: UInt64 = 1, conditions: LinkConditions = .perfect,
    configure: (inout TURNServer.Configuration) -> Void = { _ in }
  ) {
    network = VirtualNetwork(seed: seed)
    self.conditions = conditions
    server = .open(in: network, at: Self.serverAddress, relayIPs: [Self.relayV6])
    var configuration = server.server.configuration
    configure(&configuration)
    server.server.configuration = configuration
    let host = network.addHost(Self.peerAddress.ip, Self.peerAddressV6.ip)
    network.attach(peer, to: host, at: Self.peerAddress)
    network.attach(peer, to: host, at: Self.peerAddressV6)
  }

  /// A server made with `configuration` from the start, for what cannot be changed later.
  init(configuration: TURNServer.Configuration) {
    network = VirtualNetwork(seed: 1)
    conditions = .perfect
    server = VirtualTURNServer(
      in: network, at: Self.serverAddress, configuration: configuration)
    network.attach(peer, to: network.addHost(Self.peerAddress.ip), at: Self.peerAddress)
  }

  func addClient(
    username: String = "user", password: String = "secret", transport: Path.Transport = .udp,
    options: TURNClient.Options = .init(), startsNow: Bool = true
  ) -> ClientNode {
    clientCount += 1
    let address = TransportAddress(
      ip: IPAddress(192, 0, 2, UInt8(100 + clientCount)), port: 5000)
    let path = Path(transport: transport, local: address, remote: Self.serverAddress)
    let node = ClientNode(
      TURNClient(
        path: path, credentials: .init(username: username, password: password),
        options: options, random: .seeded(UInt64(clientCount))))
    network.attach(node, to: network.addHost(address.ip, conditions: conditions), at: address)
    if startsNow { network.act(as: node) { node.client.start(at: $1, into: $0) } }
    return node
  }

  /// Has a client send a datagram, and lets a second pass.
  func send(
    _ bytes: [UInt8], from node: ClientNode, to peer: TransportAddress = peerAddress,
    for duration: Duration = .seconds(1)
  ) {
    network.act(as: node) { outbox, now in
      node.client.send(bytes.span, to: peer, at: now, into: outbox)
    }
    network.run(for: duration)
  }

  func settle(_ duration: Duration = .seconds(1)) { network.run(for: duration) }
}
