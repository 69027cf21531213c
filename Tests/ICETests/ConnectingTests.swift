import ICE
import RTCTesting
import STUN
import Testing
import Wire

@Test(arguments: [ICEAgent.Role.controlling, .controlled])
func `two agents with host candidates connect in either role`(clientRole: ICEAgent.Role) {
  let call = Call(
    clientRole: clientRole, serverRole: clientRole == .controlling ? .controlled : .controlling)
  #expect(call.connect(within: .seconds(1)))
  #expect(call.client.agent.selectedPath?.remote == Call.serverAddress)
  #expect(call.server.agent.selectedPath?.remote == Call.clientAddress)
  #expect(call.server.agent.selectedPath?.local == Call.anywhere)
  #expect(call.client.states == [.checking, .connected])
  #expect(call.network.stuckTimerCount == 0)
}

@Test func `the server sends by the path as soon as the client's nomination is answered`() throws {
  let oneWay = Duration.milliseconds(40)
  let call = Call(conditions: LinkConditions(delay: oneWay), signalsClient: false)
  #expect(call.connect())
  // The client's check, its answer, and the nomination: then the server's own check has long been
  // answered. 3 × 40 ms, and what pacing adds.
  let connected = try #require(call.server.time(of: .connected))
  #expect(connected <= .milliseconds(3 * 40 + 10))
}

@Test func `a peer that nominates at once is used after one round trip`() {
  var peer = HandmadePeer()
  peer.advance(to: .zero)
  peer.receive(peer.check(nominates: true), at: .milliseconds(10))
  let sent = peer.sent()
  // Our answer and our own check leave together.
  #expect(sent.map { messageClass($0.bytes) } == [.success, .request])
  #expect(peer.agent.isValidated(HandmadePeer.path()))
  #expect(peer.agent.selectedPath == nil)
  if let answer = peer.answer(to: sent[1].bytes) { peer.receive(answer, at: .milliseconds(50)) }
  #expect(peer.agent.selectedPath == HandmadePeer.path())
  #expect(
    peer.events == [
      .stateChanged(.checking), .selectedPathChanged(HandmadePeer.path()),
      .stateChanged(.connected),
    ])
}

@Test(arguments: [0.0, 0.1, 0.2, 0.3, 0.4, 0.5], [true, false])
func `agents connect over lossy links`(loss: Double, inBursts: Bool) {
  var slowest = Instant.zero
  for seed in 1...30 as ClosedRange<UInt64> {
    let kind = inBursts ? LinkConditions.Loss.bursts(rate: loss, meanLength: 4) : .bernoulli(loss)
    let call = Call(
      seed: seed,
      conditions: LinkConditions(
        delay: .milliseconds(25), jitter: .milliseconds(10), loss: kind, reordering: 0.02,
        duplication: 0.02, corruption: 0.01))
    #expect(call.connect(), "seed \(seed)")
    slowest = max(slowest, call.network.now)
  }
  // A burst eats several of the few checks there are, whatever its rate.
  let limit: Int64 = loss > 0.3 ? 15 : loss > 0.2 ? 6 : inBursts ? 4 : 3
  #expect(slowest <= .seconds(limit), "slowest \(slowest)")
}

@Test(arguments: [600, 2000] as [Int64])
func `long round trips connect and stay connected`(roundTrip: Int64) {
  let call = Call(conditions: LinkConditions(delay: .milliseconds(roundTrip / 2)))
  #expect(call.connect())
  call.network.run(for: .seconds(120))
  #expect(call.nodes.allSatisfy { $0.states == [.checking, .connected] })
}

@Test func `candidates may trickle in late and in any order`() {
  let call = Call(conditions: LinkConditions(isDown: true))
  call.network.run(for: .seconds(10))
  call.network.setConditions(.perfect, of: call.clientHost)
  #expect(call.connect(within: .seconds(3)))

  var random = RandomSource.seeded(4)
  var early = ICEAgent(role: .controlling, credentials: .random(using: &random))
  early.addRemoteCandidate(ICECandidate(address: Call.serverAddress))
  #expect(early.state == .new)
  early.addLocalCandidate(ICECandidate(address: Call.clientAddress))
  early.setRemoteCredentials(.random(using: &random))
  let outbox = Outbox()
  var events: [ICEAgent.Event] = []
  early.advance(to: .zero, into: outbox, events: &events)
  #expect(outbox.datagrams.count == 1 && events == [.stateChanged(.checking)])
}

@Test func `a peer that never comes fails after 30 s, sooner where all is known`() {
  let call = Call(conditions: LinkConditions(isDown: true))
  call.client.agent.setRemoteCandidatesComplete()
  call.network.run(for: .seconds(60))
  #expect(call.server.time(of: .failed) == .seconds(30))
  #expect(call.client.time(of: .failed) == .seconds(15))
  #expect(call.nodes.allSatisfy { $0.agent.deadline == nil })
}

@Test func `the same seed gives the same packets`() {
  func hash(_ seed: UInt64) -> UInt64 {
    let call = Call(
      seed: seed,
      conditions: LinkConditions(
        delay: .milliseconds(10), jitter: .milliseconds(10), loss: .bernoulli(0.2)),
      nat: .symmetric)
    call.network.run(for: .seconds(60))
    return call.network.traceHash
  }
  #expect(hash(5) == hash(5))
  #expect(hash(5) != hash(6))
}

@Test func `checks are paced and no pair is checked for ever`() {
  var peer = HandmadePeer(role: .controlling)
  for index in 0..<32 as Range<UInt8> {
    let address = TransportAddress(ip: IPAddress(192, 0, 2, index), port: 4000)
    peer.agent.addRemoteCandidate(ICECandidate(address: address))
  }
  var times: [Instant] = []
  while let deadline = peer.agent.deadline, deadline < .seconds(25) {
    let now = max(deadline, times.last ?? .zero)
    peer.advance(to: now)
    times += peer.sent().map { _ in now }
  }
  #expect(zip(times, times.dropFirst()).allSatisfy { $1 - $0 >= .milliseconds(50) })
  #expect(times.count > 100 && times.count <= 32 * 15)
}

@Test func `several local candidates on one base make one pair`() {
  var peer = HandmadePeer(role: .controlling)
  for last in 2..<9 as Range<UInt8> {
    let address = TransportAddress(ip: IPAddress(198, 51, 100, last), port: 3478)
    peer.agent.addLocalCandidate(ICECandidate(address: address), base: HandmadePeer.base)
  }
  peer.agent.addRemoteCandidate(ICECandidate(address: HandmadePeer.home))
  peer.advance(to: .zero)
  peer.advance(to: .milliseconds(60))
  peer.advance(to: .milliseconds(120))
  #expect(peer.sent().count == 1)
}

@Test func `a path over TCP is made by the peer's check`() {
  var peer = HandmadePeer()
  var path = HandmadePeer.path()
  path.transport = .tcp
  peer.advance(to: .zero)
  let check = peer.check(nominates: true)
  peer.agent.receive(
    check.span, on: path, at: .zero, into: peer.outbox, events: &peer.events)
  for datagram in peer.sent() {
    #expect(datagram.path == path)
    if let bytes = peer.answer(to: datagram.bytes) {
      peer.agent.receive(
        bytes.span, on: path, at: .zero, into: peer.outbox, events: &peer.events)
    }
  }
  #expect(peer.agent.selectedPath == path)
}

/// Many agents behind one socket, told apart by fragment and then by address, as a worker does it.
final class SharedSocket: VirtualNode {
  var nodes: [AgentNode] = []
  private var byFragment: [STUNUsernameFragment: Int] = [:]
  private var byPath: [Path: Int] = [:]

  func add(_ node: AgentNode) {
    if let fragment = STUNUsernameFragment(node.agent.localCredentials.usernameFragment) {
      byFragment[fragment] = nodes.count
    }
    nodes.append(node)
  }

  var deadline: Instant? { nodes.compactMap(\.deadline).min() }

  func receive(_ datagram: inout [UInt8], on path: Path, at now: Instant, into outbox: Outbox) {
    let fragment = STUNMessage.localUsernameFragment(ofBindingRequest: datagram.span)
    guard let index = fragment.flatMap({ byFragment[$0] }) ?? byPath[path] else { return }
    nodes[index].receive(&datagram, on: path, at: now, into: outbox)
    if nodes[index].agent.isValidated(path) { byPath[path] = index }
  }

  func advance(to now: Instant, into outbox: Outbox) {
    for node in nodes where node.deadline.map({ $0 <= now }) == true {
      node.advance(to: now, into: outbox)
    }
  }
}

@Test func `a hundred agents share a socket`() {
  let network = VirtualNetwork(seed: 9)
  let socket = SharedSocket()
  var random = RandomSource.seeded(10)
  var clients: [AgentNode] = []
  network.attach(socket, to: network.addHost(Call.serverAddress.ip), at: Call.anywhere)
  for index in 0..<100 as Range<UInt8> {
    // Everyone has the same private address, behind a translator of their own.
    let nat = network.addNAT(.portRestricted, address: IPAddress(203, 0, 113, index))
    let conditions = LinkConditions(delay: .milliseconds(20), loss: .bernoulli(0.1))
    let host = network.addHost(Call.clientAddress.ip, behind: nat, conditions: conditions)
    let client = AgentNode(
      ICEAgent(
        role: .controlling, credentials: .random(using: &random), random: .seeded(random.next())))
    let server = AgentNode(
      ICEAgent(
        role: .controlled, credentials: .random(using: &random), random: .seeded(random.next())))
    client.agent.addLocalCandidate(ICECandidate(address: Call.clientAddress))
    client.agent.setRemoteCredentials(server.agent.localCredentials)
    client.agent.addRemoteCandidate(ICECandidate(address: Call.serverAddress))
    server.agent.addLocalCandidate(ICECandidate(address: Call.serverAddress), base: Call.anywhere)
    server.agent.setRemoteCredentials(client.agent.localCredentials)
    socket.add(server)
    clients.append(client)
    network.attach(client, to: host, at: Call.clientAddress)
  }
  network.run(for: .seconds(20))
  #expect(clients.allSatisfy { $0.agent.state == .connected })
  #expect(socket.nodes.allSatisfy { $0.agent.state == .connected })
  #expect(Set(socket.nodes.map(\.agent.selectedPath)).count == 100)
}

@Test func `a base is paired with the families its candidates have`() throws {
  let v4 = try #require(TransportAddress("198.51.100.1:3478"))
  let v6 = try #require(TransportAddress("[2001:db8::1]:3478"))
  let anywhere = try #require(TransportAddress("[::]:3478"))
  let remotes = try ["192.0.2.1:1", "[2001:db8::2]:1"].map { try #require(TransportAddress($0)) }
  // One socket for both families, then one for IPv6 alone.
  for (candidates, targets) in [([v4, v6], remotes), ([v6], [remotes[1]])] {
    var random = RandomSource.seeded(8)
    var agent = ICEAgent(
      role: .controlling, credentials: .random(using: &random), random: .seeded(9))
    for address in candidates {
      agent.addLocalCandidate(ICECandidate(address: address), base: anywhere)
    }
    for address in remotes { agent.addRemoteCandidate(ICECandidate(address: address)) }
    agent.setRemoteCredentials(.random(using: &random))
    let outbox = Outbox()
    var events: [ICEAgent.Event] = []
    for step in 0..<4 as Range<Int64> {
      agent.advance(to: .milliseconds(step * 60), into: outbox, events: &events)
    }
    #expect(Set(outbox.datagrams.map(\.path.remote)) == Set(targets))
    #expect(outbox.datagrams.allSatisfy { $0.path.local == anywhere })
  }
}
