import ICE
import RTCTesting
import STUN
import Testing
import Wire

/// A client that connects out and a server that waits for connections, with or without UDP besides.
private struct StreamCall {
  static let listening = TransportAddress(ip: IPAddress(198, 51, 100, 1), port: 443)
  static let anywhere = TransportAddress(ip: IPAddress(0, 0, 0, 0), port: 443)
  static let active = TransportAddress(
    ip: Call.clientAddress.ip, port: ICECandidate.activePort)

  let call: Call

  init(
    seed: UInt64 = 1, conditions: LinkConditions = LinkConditions(delay: .milliseconds(20)),
    nat: NATBehavior? = nil, blocksUDP: Bool = true, listens: Bool = true,
    clientRole: ICEAgent.Role = .controlling
  ) {
    call = Call(
      seed: seed, conditions: conditions, nat: nat, clientRole: clientRole,
      serverRole: clientRole == .controlling ? .controlled : .controlling)
    let outgoing = ICECandidate(
      address: Self.active, transport: .tcp, tcpType: .active)
    let waiting = ICECandidate(
      address: Self.listening, transport: .tcp, tcpType: .passive)
    call.client.agent.addLocalCandidate(outgoing)
    call.client.agent.addRemoteCandidate(waiting)
    call.server.agent.addLocalCandidate(waiting, base: Self.anywhere)
    call.server.agent.addRemoteCandidate(outgoing)
    if listens {
      call.network.attach(call.server, to: call.serverHost, at: Self.anywhere)
    }
    if blocksUDP { call.network.drops = { path, _ in path.transport == .udp } }
  }

  var network: VirtualNetwork { call.network }
  var client: AgentNode { call.client }
  var server: AgentNode { call.server }
}

@Test(arguments: [ICEAgent.Role.controlling, .controlled])
func `where UDP is blocked, agents connect over TCP`(role: ICEAgent.Role) {
  for nat in [nil, NATBehavior.fullCone, .symmetric] {
    let stream = StreamCall(nat: nat, clientRole: role)
    #expect(stream.call.connect(within: .seconds(3)))
    let path = Path(
      transport: .tcp, local: StreamCall.active, remote: StreamCall.listening)
    #expect(stream.client.agent.selectedPath == path)
    #expect(stream.server.agent.selectedPath?.transport == .tcp)
    #expect(stream.server.agent.selectedPath?.local == StreamCall.anywhere)
    stream.network.run(for: .seconds(60))
    #expect(stream.client.states == [.checking, .connected])
    #expect(stream.server.states == [.checking, .connected])
  }
}

@Test func `where UDP works, it is preferred`() {
  for seed in 1...10 as ClosedRange<UInt64> {
    let stream = StreamCall(seed: seed, blocksUDP: false)
    // The first check is lost; the connection is ready long before the second one is answered.
    var lost = 0
    stream.network.drops = { path, _ in
      guard path.transport == .udp, lost < 2 else { return false }
      lost += 1
      return true
    }
    #expect(stream.call.connect(within: .seconds(5)))
    #expect(stream.client.agent.selectedPath?.transport == .udp, "seed \(seed)")
    #expect(stream.server.agent.selectedPath?.transport == .udp, "seed \(seed)")
  }
}

@Test func `a connection that is refused is tried a few times, and then the agent has failed`() {
  let stream = StreamCall(listens: false)
  stream.client.agent.setRemoteCandidatesComplete()
  var attempts = 0
  stream.network.drops = { path, _ in
    if path.transport == .tcp { attempts += 1 }
    return path.transport == .udp
  }
  stream.network.run(for: .seconds(60))
  #expect(stream.client.time(of: .failed) == .seconds(15))
  #expect(attempts == 4)
}

@Test(arguments: [ICEAgent.Role.controlling, .controlled])
func `a connection that breaks shows at once, and is made anew`(role: ICEAgent.Role) {
  for seed in 1...5 as ClosedRange<UInt64> {
    let stream = StreamCall(seed: seed, nat: .portRestricted, clientRole: role)
    #expect(stream.call.connect(within: .seconds(3)))
    stream.network.run(for: .seconds(20))
    let before = stream.server.agent.selectedPath
    let brokenAt = stream.network.now
    stream.network.breakConnections(of: stream.call.clientHost)
    stream.network.run(for: .milliseconds(1))
    #expect(stream.client.agent.state == .disconnected)
    #expect(stream.server.agent.state == .disconnected)
    #expect(stream.client.agent.deadline != nil)
    #expect(stream.call.connect(within: .seconds(5)), "seed \(seed)")
    #expect(stream.network.now - brokenAt < .seconds(1))
    #expect(stream.server.agent.selectedPath != before)
    let times = stream.network.now
    stream.network.run(for: .seconds(60))
    #expect(stream.client.events.allSatisfy { $0.at <= times })
    #expect(stream.network.stuckTimerCount == 0)
  }
}

@Test func `a connection that stalls recovers`() {
  let stream = StreamCall()
  #expect(stream.call.connect(within: .seconds(3)))
  stream.network.setConditions(LinkConditions(isDown: true), of: stream.call.clientHost)
  stream.network.run(for: .seconds(15))
  #expect(stream.client.agent.state == .disconnected)
  stream.network.setConditions(.perfect, of: stream.call.clientHost)
  stream.network.run(for: .seconds(1))
  #expect(stream.client.agent.state == .connected && stream.server.agent.state == .connected)
}

@Test func `only those candidates are paired of which one opens and the other waits`() throws {
  func candidate(_ type: ICECandidate.TCPType?, _ address: TransportAddress) -> ICECandidate {
    ICECandidate(address: address, transport: .tcp, tcpType: type)
  }
  let types: [ICECandidate.TCPType?] = [.active, .passive, .simultaneousOpen, nil]
  for ours in types {
    for theirs in types {
      var peer = HandmadePeer(role: .controlling)
      peer.agent.addLocalCandidate(candidate(ours, StreamCall.active))
      peer.agent.addRemoteCandidate(candidate(theirs, StreamCall.listening))
      peer.advance(to: .zero)
      let isPaired =
        ours == .active && theirs == .passive
        || ours == .simultaneousOpen && theirs == .simultaneousOpen
      #expect(peer.sent().map(\.path.transport) == (isPaired ? [.tcp] : []))
    }
  }
}

@Test func `connections are not made to where other services listen`() throws {
  var peer = HandmadePeer(role: .controlling)
  for (port, isTaken) in [
    (22, false), (25, false), (53, false), (1023, false), (80, true), (443, true), (3478, true),
  ] as [(UInt16, Bool)] {
    let candidate = ICECandidate(
      address: TransportAddress(ip: IPAddress(192, 0, 2, 1), port: port), transport: .tcp,
      tcpType: .passive)
    #expect(candidate.hasUsableAddress == isTaken)
    let result = peer.agent.addRemoteCandidate(candidate)
    #expect(result == isTaken, "\(port)")
  }
  #expect(throws: ICECandidateError.unusableAddress) {
    try ICECandidate.parse("candidate:1 1 tcp 5 192.0.2.1 22 typ host tcptype passive")
  }
}

@Test func `priorities over TCP come after UDP and prefer who connects out`() {
  func priority(_ kind: ICECandidate.Kind, _ type: ICECandidate.TCPType?) -> UInt32 {
    ICECandidate(
      kind: kind, address: StreamCall.listening, transport: type == nil ? .udp : .tcp,
      tcpType: type
    ).priority
  }
  #expect(priority(.host, .active) > priority(.host, .passive))
  #expect(priority(.host, .passive) > priority(.host, .simultaneousOpen))
  #expect(
    priority(.serverReflexive, .simultaneousOpen) > priority(.serverReflexive, .active))
  #expect(priority(.serverReflexive, nil) > priority(.host, .active))
  // 2²⁴·90 + 2⁸·(2¹³·6 + 8191) + 255, which browsers give their first active candidate.
  #expect(priority(.host, .active) == 90 << 24 + UInt32(6 << 13 + 8191) << 8 + 255)
}

@Test func `a base that is gone ends its pairs, and the others are used`() {
  var peer = HandmadePeer.connected()
  let second = TransportAddress(ip: IPAddress(192, 0, 2, 8), port: 7000)
  peer.receive(peer.check(id: 2), from: second, at: .milliseconds(10))
  peer.run(
    from: .milliseconds(10), to: .seconds(1), answering: [HandmadePeer.home, second])
  #expect(peer.agent.selectedPath == HandmadePeer.path())
  peer.agent.pathFailed(
    HandmadePeer.path(), at: .seconds(2), into: peer.outbox, events: &peer.events)
  #expect(peer.agent.selectedPath == HandmadePeer.path(second))
  #expect(peer.agent.state == .connected)
}

@Test func `the failure of a path nobody knows changes nothing`() {
  var peer = HandmadePeer.connected()
  let state = peer.agent.pairStatistics
  let strange = Path(
    transport: .tcp, local: HandmadePeer.base, remote: StreamCall.listening)
  for _ in 0..<1000 {
    peer.agent.pathFailed(strange, at: .seconds(1), into: peer.outbox, events: &peer.events)
  }
  #expect(peer.agent.pairStatistics == state)
  #expect(peer.agent.state == .connected)
}
