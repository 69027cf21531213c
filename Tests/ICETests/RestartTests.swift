import ICE
import RTCTesting
import STUN
import Testing
import Wire

/// Restarts both sides, as an offer and its answer do: the client first, the server a little later.
private func restart(_ call: Call, seed: UInt64, signalsClient: Bool = true) {
  var random = RandomSource.seeded(seed)
  call.network.act(as: call.client) { _, _ in
    call.client.agent.restart(credentials: .random(using: &random))
  }
  call.network.run(for: .milliseconds(30))
  call.network.act(as: call.server) { _, _ in
    call.server.agent.restart(credentials: .random(using: &random))
    call.server.agent.setRemoteCredentials(call.client.agent.localCredentials)
    if signalsClient {
      call.server.agent.addRemoteCandidate(ICECandidate(address: Call.clientAddress))
    }
  }
  call.network.run(for: .milliseconds(30))
  call.network.act(as: call.client) { _, _ in
    call.client.agent.setRemoteCredentials(call.server.agent.localCredentials)
    call.client.agent.addRemoteCandidate(ICECandidate(address: Call.serverAddress))
  }
}

@Test func `a restart keeps the path in use until a new one is found`() {
  let call = Call(conditions: LinkConditions(delay: .milliseconds(30)), nat: .portRestricted)
  #expect(call.connect())
  for node in call.nodes { node.mediaInterval = .milliseconds(10) }
  call.network.run(for: .seconds(10))
  let before = call.server.media.count
  restart(call, seed: 50, signalsClient: false)
  #expect(call.server.agent.state == .checking && call.server.agent.selectedPath != nil)
  #expect(call.server.agent.previousLocalCredentials != nil)
  call.network.run(for: .seconds(2))
  #expect(call.nodes.allSatisfy { $0.agent.state == .connected })
  #expect(call.nodes.allSatisfy { $0.agent.previousLocalCredentials == nil })
  // No hole in the media: 100 datagrams a second all the way.
  #expect(call.server.media.count - before >= 200)
  #expect(call.client.droppedMediaCount + call.server.droppedMediaCount == 0)
  #expect(call.nodes.allSatisfy { $0.states == [.checking, .connected, .checking, .connected] })
}

@Test func `a restart follows the client to another network`() {
  let call = Call(conditions: LinkConditions(delay: .milliseconds(30)), nat: .symmetric)
  #expect(call.connect())
  call.network.run(for: .seconds(10))
  let old = call.server.agent.selectedPath
  let mobile = call.network.addNAT(.symmetric, address: IPAddress(203, 0, 113, 99))
  call.network.move(call.clientHost, to: Call.clientAddress.ip, behind: mobile)
  restart(call, seed: 51, signalsClient: false)
  call.network.run(for: .seconds(2))
  #expect(call.nodes.allSatisfy { $0.agent.state == .connected })
  #expect(call.server.agent.selectedPath?.remote.ip == IPAddress(203, 0, 113, 99))
  #expect(call.server.agent.selectedPath != old)
}

@Test func `a restart leads out of failure`() {
  let call = Call()
  #expect(call.connect())
  call.network.setConditions(LinkConditions(isDown: true), of: call.clientHost)
  call.network.run(for: .seconds(60))
  #expect(call.nodes.allSatisfy { $0.agent.state == .failed })
  call.network.setConditions(.perfect, of: call.clientHost)
  restart(call, seed: 52)
  call.network.run(for: .seconds(2))
  #expect(call.nodes.allSatisfy { $0.agent.state == .connected })
}

@Test func `consent is kept on the old path while a restart waits for the other side`() {
  let call = Call(conditions: LinkConditions(delay: .milliseconds(20)))
  #expect(call.connect())
  var random = RandomSource.seeded(53)
  call.network.act(as: call.server) { _, _ in
    call.server.agent.restart(credentials: .random(using: &random))
  }
  call.network.run(for: .seconds(120))
  #expect(call.server.agent.selectedPath?.remote == Call.clientAddress)
  #expect(call.server.agent.state == .checking)
  #expect(call.client.agent.state == .connected)
  // And it is given up where the old path dies meanwhile.
  call.network.setConditions(LinkConditions(isDown: true), of: call.clientHost)
  call.network.run(for: .seconds(40))
  #expect(call.server.agent.selectedPath == nil && call.server.agent.state == .checking)
}

@Test func `restarting twice in a row works`() {
  let call = Call(conditions: LinkConditions(delay: .milliseconds(20)))
  #expect(call.connect())
  restart(call, seed: 54)
  restart(call, seed: 55)
  call.network.run(for: .seconds(3))
  #expect(call.nodes.allSatisfy { $0.agent.state == .connected })
}

@Test func `candidates of another generation are not taken`() {
  var random = RandomSource.seeded(56)
  var agent = ICEAgent(role: .controlling, credentials: .random(using: &random))
  agent.setRemoteCredentials(.random(using: &random))
  var candidate = ICECandidate(address: Call.serverAddress)
  candidate.usernameFragment = "other"
  let isTaken = agent.addRemoteCandidate(candidate)
  candidate.usernameFragment = agent.remoteCredentials?.usernameFragment
  let isTakenNow = agent.addRemoteCandidate(candidate)
  #expect(!isTaken && isTakenNow)
}

@Test func `a path that was found dead before a restart is not used any more`() {
  var random = RandomSource.seeded(58)
  var configuration = ICEAgent.Configuration()
  configuration.mediaSilence = .seconds(1)
  var peer = HandmadePeer.connected(configuration: configuration)
  let other = TransportAddress(ip: IPAddress(192, 0, 2, 7), port: 7001)
  peer.agent.noteMedia(at: .zero)
  peer.advance(to: .zero)
  peer.run(from: .zero, to: .milliseconds(2_500), answering: [])
  #expect(peer.agent.state == .disconnected && peer.agent.selectedPath != nil)
  peer.agent.restart(credentials: .random(using: &random))
  peer.agent.setRemoteCredentials(peer.local)
  #expect(peer.agent.state == .checking && peer.agent.selectedPath == nil)
  peer.receive(peer.check(), from: other, at: .milliseconds(2_600))
  peer.run(from: .milliseconds(2_600), to: .milliseconds(2_700), answering: [other])
  #expect(peer.agent.selectedPath == HandmadePeer.path(other) && peer.agent.state == .connected)
}

@Test(arguments: [true, false])
func `after a restart an old path that does not answer is left for a new one, nominated or not`(
  answers: Bool
) {
  var random = RandomSource.seeded(57)
  var peer = HandmadePeer.connected()
  let start = Instant.seconds(2)
  let other = TransportAddress(ip: IPAddress(192, 0, 2, 7), port: 7001)
  peer.run(from: .zero, to: start)
  #expect(peer.agent.selectedPath == HandmadePeer.path(HandmadePeer.home))
  peer.agent.restart(credentials: .random(using: &random))
  peer.agent.setRemoteCredentials(peer.local)
  peer.agent.noteMedia(at: start)
  peer.advance(to: start)
  peer.receive(peer.check(), from: other, at: start)
  let answering = answers ? [HandmadePeer.home, other] : [other]
  peer.run(from: start, to: start + .milliseconds(400), answering: answering)
  #expect(peer.agent.selectedPath == HandmadePeer.path(HandmadePeer.home))
  peer.run(from: start + .milliseconds(400), to: start + .seconds(1), answering: answering)
  #expect(peer.agent.selectedPath == HandmadePeer.path(answers ? HandmadePeer.home : other))
  #expect(peer.agent.state == (answers ? .checking : .connected))
}

@Test(arguments: [true, false])
func `an old path that does not answer is left for one that the peer names by its old credentials`(
  answers: Bool
) {
  var random = RandomSource.seeded(59)
  var peer = HandmadePeer.connected()
  let (start, asked) = (Instant.seconds(2), Instant.milliseconds(3_500))
  let other = TransportAddress(ip: IPAddress(192, 0, 2, 7), port: 7001)
  let new = TransportAddress(ip: IPAddress(192, 0, 2, 7), port: 7002)
  peer.run(from: .zero, to: start)
  let old = peer.agent.localCredentials
  peer.agent.restart(credentials: .random(using: &random))
  peer.agent.setRemoteCredentials(peer.local)
  let answering = answers ? [HandmadePeer.home, other] : [other]
  peer.run(from: start, to: asked, answering: answering)
  func check(nominates: Bool) -> [UInt8] {
    peer.check(nominates: nominates, fragment: old.usernameFragment, password: old.password)
  }
  // A check alone moves nothing.
  peer.receive(check(nominates: false), from: other, at: asked)
  peer.run(from: asked, to: asked + .milliseconds(100), answering: answering)
  #expect(peer.agent.selectedPath == HandmadePeer.path(HandmadePeer.home))
  peer.receive(check(nominates: true), from: other, at: asked + .milliseconds(100))
  peer.run(from: asked + .milliseconds(100), to: .seconds(20), answering: answering)
  #expect(peer.agent.selectedPath == HandmadePeer.path(answers ? HandmadePeer.home : other))
  #expect(peer.agent.state == .checking)
  // What the restart finds goes before all that is old.
  peer.receive(peer.check(nominates: true), from: new, at: .seconds(20))
  peer.run(from: .seconds(20), to: .seconds(21), answering: answering + [new])
  #expect(peer.agent.selectedPath == HandmadePeer.path(new) && peer.agent.state == .connected)
}

@Test
func
  `a nomination is followed within half a second where the path in use answers nothing, although it is heard`()
{
  var peer = HandmadePeer.connected()
  let other = TransportAddress(ip: IPAddress(198, 51, 100, 7), port: 7001)
  peer.run(from: .zero, to: .seconds(2))
  peer.receive(peer.check(priority: 1), from: other, at: .seconds(2))
  peer.run(from: .seconds(2), to: .milliseconds(2_100), answering: [HandmadePeer.home, other])
  #expect(peer.agent.selectedPath == HandmadePeer.path(HandmadePeer.home))
  // From here on nothing arrives at the old place, which still sends.
  var now = Instant.milliseconds(2_200)
  peer.receive(peer.check(nominates: true, priority: 1), from: other, at: now)
  for _ in 0..<6 {
    let next = now + .milliseconds(100)
    peer.run(from: now, to: next, answering: [other])
    now = next
    peer.receive(peer.check(), at: now)
  }
  #expect(peer.agent.selectedPath == HandmadePeer.path(other))
}
