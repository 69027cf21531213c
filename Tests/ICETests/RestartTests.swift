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
