import ICE
import RTCTesting
import STUN
import Testing
import Wire

@Test(arguments: [ICEAgent.Role.controlling, .controlled])
func `two agents that claim the same role agree`(role: ICEAgent.Role) {
  for seed in 1...30 as ClosedRange<UInt64> {
    let call = Call(
      seed: seed, conditions: LinkConditions(delay: .milliseconds(20), loss: .bernoulli(0.1)),
      clientRole: role, serverRole: role)
    #expect(call.connect(within: .seconds(15)), "seed \(seed)")
    #expect(call.client.agent.role != call.server.agent.role, "seed \(seed)")
  }
}

@Test(arguments: [ICEAgent.Role.controlling, .controlled])
func `equal tie-breakers do not lead to a loop`(role: ICEAgent.Role) {
  for seed in 1...20 as ClosedRange<UInt64> {
    let call = Call(seed: seed, conditions: LinkConditions(delay: .milliseconds(20)))
    for (index, node) in call.nodes.enumerated() {
      // The tie-breaker is the first number an agent draws; the same seed makes them equal.
      var agent = ICEAgent(
        role: role, credentials: node.agent.localCredentials, random: .seeded(seed))
      let remote = call.nodes[1 - index].agent
      let address = index == 0 ? Call.clientAddress : Call.serverAddress
      let other = index == 0 ? Call.serverAddress : Call.clientAddress
      agent.addLocalCandidate(
        ICECandidate(address: address), base: index == 0 ? nil : Call.anywhere)
      agent.setRemoteCredentials(remote.localCredentials)
      agent.addRemoteCandidate(ICECandidate(address: other))
      node.agent = agent
    }
    var refusals = 0
    call.network.drops = { _, bytes in
      if messageClass(bytes) == .error { refusals += 1 }
      return false
    }
    _ = call.connect(within: .seconds(10))
    #expect(refusals <= 6, "seed \(seed)")
  }
}

@Test func `a role is switched at most twice`() {
  var peer = HandmadePeer(role: .controlling)
  peer.agent.addRemoteCandidate(ICECandidate(address: HandmadePeer.home))
  var errors = 0
  var switches = 0
  var now = Instant.zero
  while let deadline = peer.agent.deadline, deadline < .seconds(20) {
    now = max(now, deadline)
    peer.advance(to: now)
    for datagram in peer.sent() where messageClass(datagram.bytes) == .request {
      let before = peer.agent.role
      if let bytes = peer.answer(to: datagram.bytes, error: .roleConflict) {
        peer.receive(bytes, at: now)
        errors += 1
      }
      if peer.agent.role != before { switches += 1 }
    }
  }
  #expect(switches == 2)
  #expect(errors == 3)
}

@Test func `a conflict is refused by the larger tie-breaker and obeyed by the smaller`() {
  for (role, type) in [
    (ICEAgent.Role.controlling, STUNAttributeType.iceControlling),
    (.controlled, .iceControlled),
  ] {
    var obedient = HandmadePeer(role: role)
    obedient.advance(to: .zero)
    let isControlling = role == .controlling
    obedient.receive(
      obedient.check(tieBreaker: isControlling ? .max : 0, role: type), at: .zero)
    #expect(obedient.sent().first.map { messageClass($0.bytes) } == .success)
    #expect(obedient.agent.role != role)

    var stubborn = HandmadePeer(role: role)
    stubborn.advance(to: .zero)
    stubborn.receive(
      stubborn.check(tieBreaker: isControlling ? 0 : .max, role: type), at: .zero)
    let answers = stubborn.sent()
    #expect(answers.map { messageClass($0.bytes) } == [.error])
    #expect(stubborn.agent.role == role)
    #expect(!stubborn.agent.isValidated(HandmadePeer.path()))
  }
}

// MARK: Nomination

private let second = TransportAddress(ip: IPAddress(192, 0, 2, 8), port: 7000)
private let low: UInt32 = 0x1000_0000
private let high: UInt32 = 0x7000_0000

@Test func `of several nominated pairs the best wins, in either order`() {
  for (first, then) in [(low, high), (high, low)] {
    var peer = HandmadePeer()
    peer.advance(to: .zero)
    peer.receive(peer.check(id: 1, nominates: true, priority: first), at: .zero)
    peer.answerAll(at: .zero)
    peer.receive(
      peer.check(id: 2, nominates: true, priority: then), from: second, at: .milliseconds(100))
    peer.run(
      from: .milliseconds(100), to: .milliseconds(900), answering: [HandmadePeer.home, second])
    let best = then == high ? second : HandmadePeer.home
    #expect(peer.agent.selectedPath?.remote == best)
  }
}

@Test func `a peer that moves to a worse pair is followed`() {
  var peer = HandmadePeer()
  peer.advance(to: .zero)
  peer.receive(peer.check(id: 1, nominates: true, priority: high), at: .zero)
  peer.answerAll(at: .zero)
  // Both addresses answer; from second 10 on only the worse one is nominated.
  for moment in 10...16 as ClosedRange<Int64> {
    peer.receive(
      peer.check(id: UInt64(moment), nominates: true, priority: low), from: second,
      at: .seconds(moment))
    peer.run(
      from: .seconds(moment), to: .seconds(moment + 1), answering: [HandmadePeer.home, second])
  }
  #expect(peer.agent.selectedPath?.remote == second)
}

@Test func `a peer whose better pair died is followed within a second`() {
  var peer = HandmadePeer()
  peer.advance(to: .zero)
  peer.receive(peer.check(id: 1, nominates: true, priority: high), at: .zero)
  peer.answerAll(at: .zero)
  peer.run(from: .zero, to: .milliseconds(2000))
  peer.receive(
    peer.check(id: 2, nominates: true, priority: low), from: second, at: .milliseconds(2000))
  peer.run(from: .milliseconds(2000), to: .milliseconds(3000), answering: [second])
  #expect(peer.agent.selectedPath?.remote == second)
}

@Test func `a nominated address that never answers gets no media while another does`() {
  var peer = HandmadePeer.connected()
  let victim = TransportAddress(ip: IPAddress(203, 0, 113, 80), port: 80)
  for moment in 1...60 as ClosedRange<Int64> {
    peer.receive(
      peer.check(id: UInt64(moment), nominates: true, priority: high), from: victim,
      at: .seconds(moment))
    peer.receive(peer.check(id: UInt64(moment) + 1000), at: .seconds(moment))
    peer.run(from: .seconds(moment), to: .seconds(moment + 1))
    #expect(peer.agent.selectedPath == HandmadePeer.path())
  }
}

@Test func `a first pair that the peer nominates and does not answer on is used after a second`() {
  var peer = HandmadePeer()
  peer.advance(to: .zero)
  var selectedAt: Instant?
  for moment in 0...8 as ClosedRange<Int64> where selectedAt == nil {
    let now = Instant.milliseconds(moment * 500)
    peer.receive(peer.check(id: UInt64(moment), nominates: true), at: now)
    peer.run(from: now, to: now + .milliseconds(499), answering: [])
    if peer.agent.selectedPath != nil { selectedAt = now }
  }
  #expect(peer.agent.selectedPath == HandmadePeer.path())
  #expect(selectedAt.map { .seconds(1) <= $0 && $0 <= .seconds(2) } == true)
}
