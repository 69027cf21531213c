import Cryptography
import DTLS
import ICE
import OpenSSLTime
import RTCTesting
import Session
import Testing
import Wire

/// A session on the virtual network with what a program around it does: sockets when asked, candidates into the
/// outgoing mail, and a log of events.
final class SessionNode: VirtualNode {
  /// What travels through signalling.
  enum Mail: Equatable {
    case description(SessionDescriptionText)
    case candidate(CandidateInit)
  }

  let session: PeerSession
  let name: String
  let bases: [TransportAddress]
  /// Letters that wait to be delivered to the other side.
  var mail: [Mail] = []
  private(set) var events: [SessionEvent] = []
  var tricklesCandidates = true

  init(_ name: String, _ session: PeerSession, bases: [TransportAddress]) {
    self.name = name
    self.session = session
    self.bases = bases
  }

  var deadline: Instant? { session.deadline }

  func receive(_ datagram: inout [UInt8], on path: Path, at now: Instant, into outbox: Outbox) {
    inVirtualTime(now) {
      var span = datagram.mutableSpan
      session.receive(&span, on: path, at: now, into: outbox)
    }
    tend(now, outbox)
  }

  func advance(to now: Instant, into outbox: Outbox) {
    inVirtualTime(now) { session.advance(to: now, into: outbox) }
    tend(now, outbox)
  }

  /// Does what events ask for.
  func tend(_ now: Instant, _ outbox: Outbox) {
    while true {
      let new = session.takeEvents()
      guard !new.isEmpty else { return }
      events += new
      for event in new {
        switch event {
        case .gatheringNeeded:
          inVirtualTime(now) { session.addBases(bases, at: now, into: outbox) }
        case .candidate(let candidate), .endOfCandidates(let candidate):
          if tricklesCandidates { mail.append(.candidate(candidate)) }
        default: break
        }
      }
    }
  }

  func forgetEvents() { events = [] }

  var signalingStates: [SignalingState] {
    events.compactMap { if case .signalingStateChanged(let state) = $0 { state } else { nil } }
  }

  var connectionStates: [PeerConnectionState] {
    events.compactMap { if case .connectionStateChanged(let state) = $0 { state } else { nil } }
  }

  var tracks: [TransceiverID] {
    events.compactMap { if case .track(let id) = $0 { id } else { nil } }
  }

  var removedTracks: [TransceiverID] {
    events.compactMap { if case .trackRemoved(let id) = $0 { id } else { nil } }
  }

  var negotiationsNeeded: Int {
    events.count { if case .negotiationNeeded = $0 { true } else { false } }
  }
}

/// Two sessions on a virtual network, and the mail between them.
final class Couple {
  static let identities = (0..<3).map { _ in try? DTLSIdentity.generate() }

  let network: VirtualNetwork
  let alice: SessionNode
  let bob: SessionNode
  let aliceHost: VirtualNetwork.Host

  init(
    seed: UInt64 = 1, conditions: LinkConditions = LinkConditions(delay: .milliseconds(10)),
    alice aliceConfiguration: SessionConfiguration = .init(),
    bob bobConfiguration: SessionConfiguration = .init()
  ) throws {
    network = VirtualNetwork(seed: seed)
    let addresses = [
      TransportAddress(ip: IPAddress(10, 0, 0, 1), port: 5000),
      TransportAddress(ip: IPAddress(10, 0, 0, 2), port: 6000),
    ]
    aliceHost = network.addHost(addresses[0].ip, conditions: conditions)
    let bobHost = network.addHost(addresses[1].ip, conditions: conditions)
    alice = try Self.node("alice", 0, aliceConfiguration, seed: seed &* 2, base: addresses[0])
    bob = try Self.node("bob", 1, bobConfiguration, seed: seed &* 2 &+ 1, base: addresses[1])
    network.attach(alice, to: aliceHost, at: addresses[0])
    network.attach(bob, to: bobHost, at: addresses[1])
  }

  static func session(
    _ identity: Int = 0, _ configuration: SessionConfiguration = .init(), seed: UInt64 = 1
  ) throws -> PeerSession {
    let context = try DTLSContext(identity: try #require(identities[identity]))
    return PeerSession(configuration: configuration, context: context, random: .seeded(seed))
  }

  private static func node(
    _ name: String, _ identity: Int, _ configuration: SessionConfiguration, seed: UInt64,
    base: TransportAddress
  ) throws -> SessionNode {
    SessionNode(name, try session(identity, configuration, seed: seed), bases: [base])
  }

  var nodes: [SessionNode] { [alice, bob] }

  func other(than node: SessionNode) -> SessionNode { node === alice ? bob : alice }

  /// Calls the session of `node` at the network's time.
  func act<Result>(
    _ node: SessionNode, _ body: (PeerSession, Instant, Outbox) throws -> Result
  ) throws -> Result {
    var result: Swift.Result<Result, any Error>?
    network.act(as: node) { outbox, now in
      result = Swift.Result { try inVirtualTime(now) { try body(node.session, now, outbox) } }
      node.tend(now, outbox)
    }
    return try #require(result).get()
  }

  func setLocal(_ node: SessionNode, _ description: SessionDescriptionText? = nil) throws {
    try act(node) { try $0.setLocalDescription(description, at: $1, into: $2) }
  }

  func setRemote(_ node: SessionNode, _ description: SessionDescriptionText) throws {
    try act(node) { try $0.setRemoteDescription(description, at: $1, into: $2) }
  }

  /// One exchange, begun by `node`, with candidates on their way.
  func exchange(from node: SessionNode) throws {
    let answerer = other(than: node)
    try setLocal(node)
    try setRemote(answerer, try #require(node.session.localDescription))
    try setLocal(answerer)
    try setRemote(node, try #require(answerer.session.localDescription))
    deliverCandidates()
  }

  /// Delivers all candidates in the mail.
  func deliverCandidates() {
    for node in nodes {
      let letters = node.mail
      node.mail = []
      for case .candidate(let candidate) in letters {
        try? act(other(than: node)) { try $0.addICECandidate(candidate, at: $1, into: $2) }
      }
    }
  }

  var areConnected: Bool { nodes.allSatisfy { $0.session.connectionState == .connected } }

  /// Lets time pass, with candidates in the mail, until both are connected.
  @discardableResult
  func connect(within limit: Duration = .seconds(10)) -> Bool {
    let end = network.now + limit
    while !areConnected, network.now < end {
      deliverCandidates()
      network.run(for: .milliseconds(20))
    }
    return areConnected
  }
}
