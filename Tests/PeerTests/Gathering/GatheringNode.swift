import ICE
import Peer
import RTCTesting
import STUN
import TURN
import VirtualServers
import Wire

/// A gatherer on the virtual network, in front of whatever uses its candidates.
final class GatheringNode: VirtualNode {
  let gatherer: CandidateGatherer
  /// Who gets what is not a server's.
  var inner: (any VirtualNode)?
  private(set) var events: [CandidateGatherer.Event] = []
  private(set) var relayedCount = 0
  private let innerOutbox = Outbox()

  init(_ gatherer: CandidateGatherer) { self.gatherer = gatherer }

  var deadline: Instant? { [gatherer.deadline, inner?.deadline].compactMap(\.self).min() }

  func start(
    _ bases: [TransportAddress], _ servers: [CandidateGatherer.Server], at now: Instant,
    into outbox: Outbox
  ) {
    gatherer.start(bases: bases, servers: servers, at: now, into: outbox, events: &events)
  }

  func receive(_ datagram: inout [UInt8], on path: Path, at now: Instant, into outbox: Outbox) {
    switch gatherer.receive(datagram.span, on: path, at: now, into: outbox, events: &events) {
    case .notMine: inner?.receive(&datagram, on: path, at: now, into: innerOutbox)
    case .consumed: break
    case .relayed(let range, let path):
      relayedCount += 1
      var unwrapped = Array(datagram[range])
      inner?.receive(&unwrapped, on: path, at: now, into: innerOutbox)
    }
    flush(now, outbox)
  }

  func advance(to now: Instant, into outbox: Outbox) {
    gatherer.advance(to: now, into: outbox, events: &events)
    inner?.advance(to: now, into: innerOutbox)
    flush(now, outbox)
  }

  private func flush(_ now: Instant, _ outbox: Outbox) {
    gatherer.route(innerOutbox, at: now, into: outbox)
    innerOutbox.removeAll()
  }

  var isFinished: Bool { events.contains(.finished) }

  var failures: [Int] {
    events.compactMap { if case .serverFailed(_, let code, _) = $0 { code } else { nil } }
  }

  func candidates(_ kind: ICECandidate.Kind) -> [ICECandidate] {
    gatherer.candidates.map(\.candidate).filter { $0.kind == kind }
  }
}

/// A bare ICE agent that notes which media got through.
final class ICENode: VirtualNode {
  var agent: ICEAgent
  private(set) var received: [(byteCount: Int, path: Path)] = []
  private var events: [ICEAgent.Event] = []
  /// Sends this much on the selected path every 20 ms.
  var mediaByteCount: Int?
  private var nextMedia = Instant.zero

  init(_ agent: ICEAgent) { self.agent = agent }

  var deadline: Instant? {
    guard mediaByteCount != nil, agent.selectedPath != nil else { return agent.deadline }
    return min(agent.deadline ?? nextMedia, nextMedia)
  }

  func receive(_ datagram: inout [UInt8], on path: Path, at now: Instant, into outbox: Outbox) {
    if STUNMessage.isSTUN(datagram.span) {
      agent.receive(datagram.span, on: path, at: now, into: outbox, events: &events)
    } else if agent.isValidated(path) {
      received.append((datagram.count, path))
    }
  }

  func advance(to now: Instant, into outbox: Outbox) {
    agent.advance(to: now, into: outbox, events: &events)
    guard let mediaByteCount, let path = agent.selectedPath, now >= nextMedia else { return }
    outbox.append([UInt8](repeating: 0x80, count: mediaByteCount).span, on: path)
    nextMedia = now + .milliseconds(20)
  }
}

/// Two sides behind translators, and the servers between them.
final class TwoSides {
  static let serverAddress = TransportAddress(ip: IPAddress(198, 51, 100, 200), port: 3478)
  static let kinds = [NATBehavior.fullCone, .addressRestricted, .portRestricted, .symmetric]

  let network: VirtualNetwork
  let server: VirtualTURNServer
  let nodes: [GatheringNode]
  let bases: [TransportAddress]
  private var signalled = [0, 0]

  static let stun = CandidateGatherer.Server(kind: .stun, address: serverAddress)

  static func turn(_ transport: TURNTransport = .udp, password: String = "secret")
    -> CandidateGatherer.Server
  {
    CandidateGatherer.Server(
      kind: .turn(username: "user", password: password, transport: transport),
      address: serverAddress)
  }

  init(
    _ kinds: [NATBehavior?], servers: [[CandidateGatherer.Server]],
    options: [CandidateGatherer.Options] = [.init(), .init()], seed: UInt64 = 1,
    conditions: LinkConditions = LinkConditions(delay: .milliseconds(15))
  ) {
    let network = VirtualNetwork(seed: seed)
    self.network = network
    server = .open(in: network, at: Self.serverAddress)
    var bases: [TransportAddress] = []
    var nodes: [GatheringNode] = []
    for (index, kind) in kinds.enumerated() {
      let nat = kind.map {
        network.addNAT($0, address: IPAddress(203, 0, 113, UInt8(index + 1)))
      }
      let base = TransportAddress(
        ip: nat == nil
          ? IPAddress(192, 0, 2, UInt8(index + 1)) : IPAddress(192, 168, UInt8(index), 2),
        port: 5000)
      let node = GatheringNode(
        CandidateGatherer(options: options[index], random: .seeded(seed * 2 + UInt64(index))))
      network.attach(
        node, to: network.addHost(base.ip, behind: nat, conditions: conditions), at: base)
      bases.append(base)
      nodes.append(node)
    }
    self.bases = bases
    self.nodes = nodes
    for (index, node) in nodes.enumerated() {
      network.act(as: node) { node.start([bases[index]], servers[index], at: $1, into: $0) }
    }
  }

  /// A bare agent for each side, each knowing the other's credentials.
  func addAgents() -> [ICENode] {
    var random = RandomSource.seeded(9)
    let agents = [ICEAgent.Role.controlling, .controlled].map { role in
      ICENode(
        ICEAgent(
          role: role, credentials: .random(using: &random), random: .seeded(random.next())))
    }
    for index in 0..<2 {
      agents[index].agent.setRemoteCredentials(agents[1 - index].agent.localCredentials)
      nodes[index].inner = agents[index]
    }
    return agents
  }

  /// Lets the time pass and tells each side the other's new candidates, 20 ms after they were found.
  func trickle(
    to agents: [ICENode], within duration: Duration, until condition: () -> Bool
  ) -> Bool {
    let end = network.now + duration
    while network.now < end {
      if network.run(until: network.now + .milliseconds(20), condition) { return true }
      for index in 0..<2 { signal(from: index, to: agents) }
    }
    return condition()
  }

  private func signal(from index: Int, to agents: [ICENode]) {
    let all = nodes[index].gatherer.candidates
    let new = all.dropFirst(signalled[index])
    signalled[index] = all.count
    for gathered in new {
      agents[index].agent.addLocalCandidate(gathered.candidate, base: gathered.base)
      agents[1 - index].agent.addRemoteCandidate(gathered.candidate)
      network.act(as: nodes[1 - index]) { outbox, now in
        nodes[1 - index].gatherer.permit(gathered.candidate.address, at: now, into: outbox)
      }
    }
  }

  func connect(_ agents: [ICENode], within duration: Duration = .seconds(40)) -> Bool {
    trickle(to: agents, within: duration) {
      agents.allSatisfy { $0.agent.state == .connected }
    }
  }
}
