import ICE
import RTCTesting
import STUN
import Testing
import Wire

/// An agent on the virtual network, and what it told.
final class AgentNode: VirtualNode {
  var agent: ICEAgent
  private(set) var events: [(at: Instant, event: ICEAgent.Event)] = []
  /// Datagrams that are not STUN, where the agent had validated the path.
  private(set) var media: [(at: Instant, path: Path)] = []
  private(set) var droppedMediaCount = 0
  /// Sends one byte of "media" so often on the selected path.
  var mediaInterval: Duration?
  private var nextMedia = Instant.zero

  init(_ agent: ICEAgent) { self.agent = agent }

  var deadline: Instant? {
    guard mediaInterval != nil, agent.selectedPath != nil else { return agent.deadline }
    return min(agent.deadline ?? nextMedia, nextMedia)
  }

  func receive(_ datagram: inout [UInt8], on path: Path, at now: Instant, into outbox: Outbox) {
    if STUNMessage.isSTUN(datagram.span) {
      var new: [ICEAgent.Event] = []
      agent.receive(datagram.span, on: path, at: now, into: outbox, events: &new)
      events += new.map { (now, $0) }
    } else if agent.isValidated(path) {
      media.append((now, path))
      agent.noteMedia(at: now)
    } else {
      droppedMediaCount += 1
    }
  }

  func pathFailed(_ path: Path, at now: Instant, into outbox: Outbox) {
    var new: [ICEAgent.Event] = []
    agent.pathFailed(path, at: now, into: outbox, events: &new)
    events += new.map { (now, $0) }
  }

  func advance(to now: Instant, into outbox: Outbox) {
    var new: [ICEAgent.Event] = []
    agent.advance(to: now, into: outbox, events: &new)
    events += new.map { (now, $0) }
    if let mediaInterval, let path = agent.selectedPath, now >= nextMedia {
      outbox.append(on: path, capacity: 1) { $0.append(0x80) }
      nextMedia = now + mediaInterval
    }
  }

  func time(of state: ICEAgent.State) -> Instant? {
    events.first { $0.event == .stateChanged(state) }?.at
  }

  var states: [ICEAgent.State] {
    events.compactMap { if case .stateChanged(let state) = $0.event { state } else { nil } }
  }
}

/// A client, as a browser is one, and a server with a public address.
struct Call {
  static let serverAddress = TransportAddress(ip: IPAddress(198, 51, 100, 1), port: 3478)
  static let anywhere = TransportAddress(ip: IPAddress(0, 0, 0, 0), port: 3478)
  static let clientAddress = TransportAddress(ip: IPAddress(10, 0, 0, 2), port: 5000)

  let network: VirtualNetwork
  let client: AgentNode
  let server: AgentNode
  let clientHost: VirtualNetwork.Host
  let serverHost: VirtualNetwork.Host
  let nat: VirtualNetwork.NAT?

  /// `signalsClient` is false where the client hides its addresses, as browsers do.
  init(
    seed: UInt64 = 1, conditions: LinkConditions = .perfect, nat behavior: NATBehavior? = nil,
    clientRole: ICEAgent.Role = .controlling, serverRole: ICEAgent.Role = .controlled,
    signalsClient: Bool = true, configuration: ICEAgent.Configuration = .init()
  ) {
    var random = RandomSource.seeded(seed)
    let network = VirtualNetwork(seed: random.next())
    self.network = network
    nat = behavior.map { network.addNAT($0, address: IPAddress(203, 0, 113, 1)) }
    clientHost = network.addHost(Self.clientAddress.ip, behind: nat, conditions: conditions)
    serverHost = network.addHost(Self.serverAddress.ip)
    client = AgentNode(
      ICEAgent(
        role: clientRole, credentials: .random(using: &random), configuration: configuration,
        random: .seeded(random.next())))
    server = AgentNode(
      ICEAgent(
        role: serverRole, credentials: .random(using: &random), configuration: configuration,
        random: .seeded(random.next())))
    let clientCandidate = ICECandidate(address: Self.clientAddress)
    let serverCandidate = ICECandidate(address: Self.serverAddress)
    client.agent.addLocalCandidate(clientCandidate)
    server.agent.addLocalCandidate(serverCandidate, base: Self.anywhere)
    server.agent.setRemoteCredentials(client.agent.localCredentials)
    if signalsClient { server.agent.addRemoteCandidate(clientCandidate) }
    client.agent.setRemoteCredentials(server.agent.localCredentials)
    client.agent.addRemoteCandidate(serverCandidate)
    network.attach(client, to: clientHost, at: Self.clientAddress)
    network.attach(server, to: serverHost, at: Self.anywhere)
  }

  var nodes: [AgentNode] { [client, server] }

  func connect(within duration: Duration = .seconds(30)) -> Bool {
    network.run(until: network.now + duration) {
      nodes.allSatisfy { $0.agent.state == .connected }
    }
  }
}

/// A peer that is written out by hand: one that has the passwords and does as the test likes.
struct HandmadePeer {
  var agent: ICEAgent
  let outbox = Outbox()
  var events: [ICEAgent.Event] = []
  let local: ICECredentials
  static let base = TransportAddress(ip: IPAddress(0, 0, 0, 0), port: 3478)
  static let home = TransportAddress(ip: IPAddress(192, 0, 2, 7), port: 7000)

  init(role: ICEAgent.Role = .controlled, configuration: ICEAgent.Configuration = .init()) {
    var random = RandomSource.seeded(77)
    agent = ICEAgent(
      role: role, credentials: .random(using: &random), configuration: configuration,
      random: .seeded(78))
    local = .random(using: &random)
    let address = TransportAddress(ip: IPAddress(198, 51, 100, 1), port: 3478)
    agent.addLocalCandidate(ICECandidate(address: address), base: Self.base)
    agent.setRemoteCredentials(local)
  }

  static func path(_ remote: TransportAddress = home) -> Path { Path(local: base, remote: remote) }

  mutating func receive(
    _ bytes: [UInt8], from remote: TransportAddress = home, at now: Instant
  ) {
    agent.receive(
      bytes.span, on: Self.path(remote), at: now, into: outbox, events: &events)
  }

  mutating func advance(to now: Instant) {
    agent.advance(to: now, into: outbox, events: &events)
  }

  /// What the agent sent since the last time.
  func sent() -> [(path: Path, bytes: [UInt8])] {
    defer { outbox.removeAll() }
    return outbox.datagrams.map { ($0.path, outbox.bytes(of: $0)) }
  }

  /// A check of the peer.
  func check(
    id: UInt64 = 1, nominates: Bool = false, priority: UInt32 = 0x6e00_1eff,
    tieBreaker: UInt64 = .max, role: STUNAttributeType = .iceControlling,
    fragment: String? = nil, password: String? = nil, extra: [STUNAttributeType] = []
  ) -> [UInt8] {
    let username =
      "\(fragment ?? agent.localCredentials.usernameFragment):\(local.usernameFragment)"
    let key = Array((password ?? agent.localCredentials.password).utf8)
    return [UInt8](capacity: 1000) { output in
      output.beginSTUN(.request, STUNTransactionID(high: 0, low: id))
      output.appendSTUN(.username, username)
      output.appendSTUN(.priority, priority)
      output.appendSTUN(role, tieBreaker)
      if nominates { output.appendSTUN(.useCandidate) }
      for type in extra { output.appendSTUN(type) }
      output.finishSTUN(key: key.span)
    }
  }

  /// The peer's answer to a check of the agent, nil for anything else.
  func answer(
    to request: [UInt8], from address: TransportAddress = home, error: STUNErrorCode? = nil
  ) -> [UInt8]? {
    guard let message = try? STUNMessage(parsing: request.span), message.messageClass == .request
    else { return nil }
    let id = message.transactionID
    let key = Array(local.password.utf8)
    return [UInt8](capacity: 200) { output in
      output.beginSTUN(error == nil ? .success : .error, id)
      if let error {
        output.appendSTUN(error)
      } else {
        output.appendSTUN(.xorMappedAddress, xor: address, id)
      }
      output.finishSTUN(key: key.span)
    }
  }

  /// Answers every check of the agent that went to one of `addresses`.
  mutating func answerAll(at now: Instant, to addresses: [TransportAddress] = [home]) {
    for datagram in sent() where addresses.contains(datagram.path.remote) {
      if let bytes = answer(to: datagram.bytes) {
        receive(bytes, from: datagram.path.remote, at: now)
      }
    }
  }

  /// Lets the time pass with all checks answered that go to one of `addresses`.
  mutating func run(
    from start: Instant, to end: Instant, answering addresses: [TransportAddress] = [home]
  ) {
    var now = start
    answerAll(at: now, to: addresses)
    while let deadline = agent.deadline, deadline <= end {
      now = max(now, deadline)
      advance(to: now)
      answerAll(at: now, to: addresses)
    }
  }

  /// A peer that is connected by `home` at `now`.
  static func connected(
    at now: Instant = .zero, configuration: ICEAgent.Configuration = .init()
  ) -> HandmadePeer {
    var peer = HandmadePeer(configuration: configuration)
    peer.advance(to: now)
    peer.receive(peer.check(nominates: true), at: now)
    peer.answerAll(at: now)
    return peer
  }
}

/// The kind of a STUN datagram that an agent sent.
func messageClass(_ bytes: [UInt8]) -> STUNClass? {
  guard let message = try? STUNMessage(parsing: bytes.span) else { return nil }
  return message.messageClass
}

extension Instant {
  static func milliseconds(_ count: Int64) -> Instant { .zero + .milliseconds(count) }
  static func seconds(_ count: Int64) -> Instant { .zero + .seconds(count) }
}
