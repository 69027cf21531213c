import ICE
import RTCTesting
import STUN
import Testing
import Wire

private var lite: ICEAgent.Configuration {
  var configuration = ICEAgent.Configuration()
  configuration.isLite = true
  return configuration
}

/// A full client and a lite server.
private func liteCall(
  seed: UInt64 = 1, conditions: LinkConditions = LinkConditions(delay: .milliseconds(20)),
  nat: NATBehavior? = nil, clientRole: ICEAgent.Role = .controlling
) -> Call {
  let call = Call(seed: seed, conditions: conditions, nat: nat, clientRole: clientRole)
  var random = RandomSource.seeded(seed &+ 99)
  var agent = ICEAgent(
    role: .controlled, credentials: call.server.agent.localCredentials, configuration: lite,
    random: .seeded(random.next()))
  agent.addLocalCandidate(ICECandidate(address: Call.serverAddress), base: Call.anywhere)
  agent.setRemoteCredentials(call.client.agent.localCredentials)
  call.server.agent = agent
  call.client.agent.remoteIsLite = true
  return call
}

@Test(arguments: [ICEAgent.Role.controlling, .controlled])
func `a full agent controls a lite one and connects, from behind every translator`(
  role: ICEAgent.Role
) {
  for nat in [nil, NATBehavior.fullCone, .portRestricted, .symmetric] {
    for seed in 1...5 as ClosedRange<UInt64> {
      let call = liteCall(
        seed: seed, conditions: LinkConditions(delay: .milliseconds(20), loss: .bernoulli(0.1)),
        nat: nat, clientRole: role)
      var requests = 0
      call.network.drops = { path, bytes in
        if path.local == Call.anywhere, messageClass(bytes) == .request { requests += 1 }
        return false
      }
      #expect(call.connect(within: .seconds(5)), "seed \(seed)")
      call.network.run(for: .seconds(60))
      #expect(requests == 0)
      #expect(call.client.agent.role == .controlling)
      #expect(call.server.agent.state == .connected)
    }
  }
}

@Test func `a lite agent tells silence and its end, by what it hears alone`() {
  let call = liteCall()
  #expect(call.connect(within: .seconds(2)))
  call.network.run(for: .seconds(60))
  #expect(call.server.states == [.connected] || call.server.states == [.checking, .connected])
  call.network.setConditions(LinkConditions(isDown: true), of: call.clientHost)
  let cutAt = call.network.now
  call.network.run(for: .seconds(40))
  let lost = call.server.time(of: .disconnected)
  let failed = call.server.time(of: .failed)
  #expect(lost.map { $0 - cutAt <= .seconds(12) && $0 - cutAt >= .seconds(6) } == true)
  #expect(failed.map { $0 - cutAt <= .seconds(30) && $0 - cutAt >= .seconds(24) } == true)
}

@Test func `a lite agent follows its client to another address`() {
  let call = liteCall(nat: .portRestricted)
  #expect(call.connect(within: .seconds(2)))
  let before = call.server.agent.selectedPath
  if let nat = call.nat { call.network.rebind(nat) }
  call.network.run(for: .seconds(15))
  #expect(call.server.agent.selectedPath != before)
  #expect(call.server.agent.state == .connected && call.client.agent.state == .connected)
}

@Test func `a lite agent refuses to control`() {
  var peer = HandmadePeer(role: .controlling, configuration: lite)
  #expect(peer.agent.role == .controlled)
  peer.advance(to: .zero)
  for tieBreaker in [0, UInt64.max] {
    peer.receive(peer.check(tieBreaker: tieBreaker, role: .iceControlled), at: .zero)
    let answer = peer.sent().first?.bytes ?? []
    let message = try? STUNMessage(parsing: answer.span)
    #expect((try? message?.errorCode)?.rawValue == 487)
    #expect(peer.agent.role == .controlled)
  }
}

@Test func `a lite agent pairs nothing by itself and waits for a nomination`() {
  var peer = HandmadePeer(configuration: lite)
  peer.agent.addRemoteCandidate(ICECandidate(address: HandmadePeer.home))
  peer.run(from: .zero, to: .seconds(5))
  #expect(peer.sent().isEmpty && peer.agent.pairStatistics.isEmpty)
  peer.receive(peer.check(), at: .seconds(5))
  #expect(peer.agent.selectedPath == nil && peer.agent.isValidated(HandmadePeer.path()))
  peer.receive(peer.check(id: 2, nominates: true), at: .seconds(5))
  #expect(peer.agent.selectedPath == HandmadePeer.path())
  #expect(peer.sent().map { messageClass($0.bytes) } == [.success, .success])
}

@Test func `a restart with a lite agent keeps the path until the new one is nominated`() {
  var random = RandomSource.seeded(3)
  let call = liteCall(nat: .portRestricted)
  #expect(call.connect(within: .seconds(2)))
  let credentials = (
    client: ICECredentials.random(using: &random), server: ICECredentials.random(using: &random)
  )
  call.server.agent.restart(credentials: credentials.server)
  call.network.run(for: .seconds(8))
  #expect(call.server.agent.selectedPath != nil && call.server.agent.state == .checking)
  call.client.agent.restart(credentials: credentials.client)
  call.client.agent.setRemoteCredentials(credentials.server)
  call.client.agent.addRemoteCandidate(ICECandidate(address: Call.serverAddress))
  call.server.agent.setRemoteCredentials(credentials.client)
  #expect(call.connect(within: .seconds(2)))
  call.network.run(for: .seconds(60))
  #expect(call.nodes.allSatisfy { $0.agent.state == .connected })
}
