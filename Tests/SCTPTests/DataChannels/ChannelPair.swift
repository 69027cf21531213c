import RTCTesting
import SCTP
import Testing
import Wire

/// One side's channels on the virtual network.
final class ChannelNode: VirtualNode {
  let channels: DataChannelSet
  private(set) var events: [DataChannelSet.Event] = []
  /// What each channel that was ever seen open is called.
  private(set) var labels: [DataChannelID: String] = [:]

  init(_ channels: DataChannelSet) { self.channels = channels }

  var deadline: Instant? { channels.deadline }

  func receive(_ datagram: inout [UInt8], on path: Path, at now: Instant, into outbox: Outbox) {
    call { $0.receive(datagram.span, at: now, into: outbox, events: &$1) }
  }

  func advance(to now: Instant, into outbox: Outbox) {
    call { $0.advance(to: now, into: outbox, events: &$1) }
  }

  /// Calls the channels with the node's events.
  func call(
    _ body: (DataChannelSet, inout [DataChannelSet.Event]) -> Void
  ) {
    body(channels, &events)
    for id in channels.ids where labels[id] == nil { labels[id] = channels.options(of: id)?.label }
  }

  var opened: [DataChannelID] {
    events.compactMap { if case .opened(let id, _) = $0 { id } else { nil } }
  }

  var incoming: [DataChannelID] {
    events.compactMap { if case .opened(let id, isIncoming: true) = $0 { id } else { nil } }
  }

  var closed: [DataChannelID] {
    events.compactMap { if case .closed(let id) = $0 { id } else { nil } }
  }

  func heard(on id: DataChannelID) -> [DataChannelMessage] {
    events.compactMap { if case .message(id, let message) = $0 { message } else { nil } }
  }

  func count(_ event: DataChannelSet.Event) -> Int { events.count { $0 == event } }
}

/// Two sides' channels on a link; the client of the handshake, which there is none of here, is `client`.
final class ChannelPair {
  static let clientAddress = TransportAddress(ip: IPAddress(192, 0, 2, 1), port: 5000)
  static let serverAddress = TransportAddress(ip: IPAddress(192, 0, 2, 2), port: 5000)

  let network: VirtualNetwork
  let client: ChannelNode
  let server: ChannelNode
  let clientHost: VirtualNetwork.Host

  init(
    seed: UInt64 = 1, conditions: LinkConditions = LinkConditions(delay: .milliseconds(10)),
    options: SCTPOptions = SCTPOptions(), serverLimits: DataChannelLimits = DataChannelLimits()
  ) {
    var random = RandomSource.seeded(seed)
    network = VirtualNetwork(seed: random.next())
    clientHost = network.addHost(Self.clientAddress.ip, conditions: conditions)
    let serverHost = network.addHost(Self.serverAddress.ip)
    client = ChannelNode(
      DataChannelSet(
        options: options, path: Path(local: Self.clientAddress, remote: Self.serverAddress),
        random: .seeded(random.next())))
    server = ChannelNode(
      DataChannelSet(
        options: options, limits: serverLimits,
        path: Path(local: Self.serverAddress, remote: Self.clientAddress),
        random: .seeded(random.next())))
    network.attach(client, to: clientHost, at: Self.clientAddress)
    network.attach(server, to: serverHost, at: Self.serverAddress)
  }

  var nodes: [ChannelNode] { [client, server] }

  func other(than node: ChannelNode) -> ChannelNode { node === client ? server : client }

  func start() {
    for node in nodes {
      act(node) { channels, now, outbox, events in
        channels.start(isDTLSClient: node === client, at: now, into: outbox, events: &events)
      }
    }
  }

  func act(
    _ node: ChannelNode,
    _ body: (DataChannelSet, Instant, Outbox, inout [DataChannelSet.Event]) -> Void
  ) {
    network.act(as: node) { outbox, now in
      node.call { channels, events in body(channels, now, outbox, &events) }
    }
  }

  @discardableResult
  func open(
    _ node: ChannelNode, _ options: DataChannelOptions = DataChannelOptions()
  ) throws -> DataChannelID {
    var result = Result<DataChannelID, DataChannelError>.failure(.ended)
    act(node) { channels, now, outbox, events in
      do throws(DataChannelError) {
        result = .success(try channels.open(options, at: now, into: outbox, events: &events))
      } catch { result = .failure(error) }
    }
    return try result.get()
  }

  func send(_ message: DataChannelMessage, on id: DataChannelID, by node: ChannelNode) throws {
    var failure: DataChannelError?
    act(node) { channels, now, outbox, events in
      do throws(DataChannelError) {
        try channels.send(message, on: id, at: now, into: outbox, events: &events)
      } catch { failure = error }
    }
    if let failure { throw failure }
  }

  func close(_ id: DataChannelID, by node: ChannelNode) {
    act(node) { $0.close(id, at: $1, into: $2, events: &$3) }
  }

  func run(for duration: Duration) { network.run(for: duration) }

  /// Both connected, with a channel of the client's that both know.
  func connected(
    _ options: DataChannelOptions = DataChannelOptions()
  ) throws -> (client: DataChannelID, server: DataChannelID) {
    start()
    let id = try open(client, options)
    run(for: .seconds(3))
    return (id, try #require(server.incoming.first))
  }
}
