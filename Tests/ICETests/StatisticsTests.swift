import ICE
import RTCTesting
import STUN
import Testing
import Wire

@Test func `pairs tell what went back and forth, under names that stay`() throws {
  let call = Call(conditions: LinkConditions(delay: .milliseconds(25)), nat: .portRestricted)
  #expect(call.connect())
  call.network.run(for: .seconds(30))
  let first = try #require(call.client.agent.pairStatistics.first)
  #expect(call.client.agent.pairStatistics.count == 1)
  #expect(first.state == .succeeded && first.isNominated && first.isSelected)
  #expect(first.path == call.client.agent.selectedPath)
  #expect(first.requestsSent == UInt64(call.client.agent.statistics.checksSent))
  #expect(first.requestsReceived == UInt64(call.client.agent.statistics.checksReceived))
  #expect(first.responsesSent == first.requestsReceived)
  #expect(first.responsesReceived == first.requestsSent)
  #expect(first.consentRequestsSent >= 4 && first.consentRequestsSent < first.requestsSent)
  #expect(first.currentRoundTripTime == .milliseconds(50))
  #expect(first.totalRoundTripTime == .milliseconds(50) * Int64(first.responsesReceived))
  #expect(first.lastHeardAt.map { call.network.now - $0 < .seconds(7) } == true)
  call.network.run(for: .seconds(10))
  let second = try #require(call.client.agent.pairStatistics.first)
  #expect(second.id == first.id && second.local == first.local && second.remote == first.remote)
  #expect(second.requestsSent > first.requestsSent)
}

@Test func `candidates nobody signalled are told as peer-reflexive`() throws {
  let call = Call(nat: .portRestricted, signalsClient: false)
  #expect(call.connect())
  let outside = IPAddress(203, 0, 113, 1)
  // The server learns where the client's checks come from, and the client from the answers.
  let pair = try #require(call.server.agent.pairStatistics.first { $0.isSelected })
  let seen = try #require(call.server.agent.candidateStatistics.first { $0.id == pair.remote })
  #expect(seen.isRemote && seen.candidate.kind == .peerReflexive)
  #expect(seen.candidate.address.ip == outside && seen.base == nil)
  let own = try #require(call.server.agent.candidateStatistics.first { $0.id == pair.local })
  #expect(own.candidate.address == Call.serverAddress && own.base == Call.anywhere)

  let clientPair = try #require(call.client.agent.pairStatistics.first { $0.isSelected })
  let told = call.client.agent.candidateStatistics
  let mapped = try #require(told.first { $0.id == clientPair.local })
  #expect(!mapped.isRemote && mapped.candidate.kind == .peerReflexive)
  #expect(mapped.candidate.address.ip == outside)
  #expect(mapped.candidate.relatedAddress == Call.clientAddress)
  #expect(told.contains { $0.candidate.address == Call.clientAddress && !$0.isRemote })
  #expect(told.first { $0.id == clientPair.remote }?.candidate.address == Call.serverAddress)
  #expect(Set(told.map(\.id)).count == told.count)
  #expect(call.client.agent.addressSeenByPeer == mapped.candidate.address)
  #expect(call.server.agent.addressSeenByPeer == Call.serverAddress)
}

@Test func `nobody sees us anywhere before an answer has come`() {
  let call = Call(nat: .portRestricted)
  #expect(call.client.agent.addressSeenByPeer == nil)
}

@Test func `a candidate of ours that a server saw is the one that is told`() throws {
  let call = Call(nat: .fullCone)
  #expect(call.connect())
  let pair = try #require(call.client.agent.pairStatistics.first)
  let mapped = try #require(
    call.client.agent.candidateStatistics.first { $0.id == pair.local }?.candidate)
  call.client.agent.addLocalCandidate(
    ICECandidate(
      kind: .serverReflexive, address: mapped.address, relatedAddress: Call.clientAddress),
    base: Call.clientAddress)
  let now = try #require(call.client.agent.pairStatistics.first)
  #expect(now.id == pair.id && now.local != pair.local)
  let told = call.client.agent.candidateStatistics.first { $0.id == now.local }
  #expect(told?.candidate.kind == .serverReflexive)
  #expect(!call.client.agent.candidateStatistics.contains { $0.candidate.kind == .peerReflexive })
}

@Test func `a pair without an answer is told as waiting, in progress and failed`() throws {
  var peer = HandmadePeer(role: .controlling)
  for last in 1...2 as ClosedRange<UInt8> {
    let address = TransportAddress(ip: IPAddress(192, 0, 2, last), port: 4000)
    peer.agent.addRemoteCandidate(ICECandidate(address: address))
  }
  peer.advance(to: .zero)
  #expect(peer.agent.pairStatistics.map(\.state) == [.inProgress, .waiting])
  var now = Instant.zero
  while let deadline = peer.agent.deadline, deadline < .seconds(25) {
    now = max(now, deadline)
    peer.advance(to: now)
  }
  #expect(peer.agent.pairStatistics.allSatisfy { $0.state == .failed && !$0.isNominated })
  #expect(peer.agent.pairStatistics.allSatisfy { $0.requestsSent == 15 })
}

@Test func `the W3C's states follow the agent and completion wants both sides' candidates`() {
  let call = Call(conditions: LinkConditions(delay: .milliseconds(20)))
  #expect(call.client.agent.connectionState == .checking)
  var random = RandomSource.seeded(1)
  let fresh = ICEAgent(role: .controlled, credentials: .random(using: &random))
  #expect(fresh.connectionState == .new)
  #expect(call.connect())
  #expect(call.client.agent.connectionState == .connected)
  call.client.agent.setLocalCandidatesComplete()
  #expect(call.client.agent.connectionState == .connected)
  call.client.agent.setRemoteCandidatesComplete()
  #expect(call.client.agent.connectionState == .completed)
  call.network.setConditions(LinkConditions(isDown: true), of: call.clientHost)
  call.network.run(for: .seconds(8))
  #expect(call.client.agent.connectionState == .disconnected)
  call.network.run(for: .seconds(30))
  #expect(call.client.agent.connectionState == .failed)
  call.client.agent.restart(credentials: .random(using: &random))
  #expect(call.client.agent.connectionState == .checking)
  #expect(
    ICEAgent.ConnectionState.allCases.map(\.rawValue) == [
      "new", "checking", "connected", "completed", "disconnected", "failed", "closed",
    ])
}

@Test func `an agent that trickles junk is told within the limits`() {
  var peer = HandmadePeer(role: .controlling)
  for last in 1...20 as ClosedRange<UInt8> {
    let address = TransportAddress(ip: IPAddress(198, 51, 100, last), port: 3478)
    peer.agent.addLocalCandidate(ICECandidate(address: address))
  }
  var taken = 0
  for index in 0..<10_000 as Range<UInt32> {
    let address = TransportAddress(ip: IPAddress(v4: 0xc612_0000 + index), port: 4000)
    let transport: Path.Transport = index % 3 == 0 ? .tcp : .udp
    let candidate = ICECandidate(
      address: address, transport: transport, priority: index,
      tcpType: transport == .tcp ? .passive : nil)
    if peer.agent.addRemoteCandidate(candidate) { taken += 1 }
  }
  #expect(taken == 32)
  #expect(peer.agent.pairStatistics.count == 100)
  #expect(peer.agent.candidateStatistics.filter(\.isRemote).count == 32)
}
