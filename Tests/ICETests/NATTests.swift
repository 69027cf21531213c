import ICE
import RTCTesting
import STUN
import Testing
import Wire

private let kinds = [
  NATBehavior.fullCone, .addressRestricted, .portRestricted, .symmetric,
]

@Test(arguments: 0..<4, [true, false])
func `a client behind any translator reaches a public server`(kind: Int, signalsClient: Bool) {
  for seed in 1...10 as ClosedRange<UInt64> {
    let call = Call(
      seed: seed, conditions: LinkConditions(delay: .milliseconds(20), loss: .bernoulli(0.1)),
      nat: kinds[kind], signalsClient: signalsClient)
    #expect(call.connect(within: .seconds(5)), "seed \(seed)")
    #expect(call.server.agent.selectedPath?.remote.ip == IPAddress(203, 0, 113, 1))
  }
}

/// Tells every datagram's sender its address, as a STUN server does.
private final class Mirror: VirtualNode {
  var deadline: Instant? { nil }
  func advance(to _: Instant, into _: Outbox) {}
  func receive(_ datagram: inout [UInt8], on path: Path, at _: Instant, into outbox: Outbox) {
    guard let request = try? STUNMessage(parsing: datagram.span) else { return }
    let id = request.transactionID
    outbox.append(on: path, capacity: 100) { output in
      output.beginSTUN(.success, id)
      output.appendSTUN(.xorMappedAddress, xor: path.remote, id)
      output.finishSTUN()
    }
  }
}

/// An agent that asks a mirror for its address before it takes part.
private final class Gatherer: VirtualNode {
  let node: AgentNode
  var reflexive: TransportAddress?
  var deadline: Instant? { node.deadline }

  init(_ node: AgentNode) { self.node = node }

  func advance(to now: Instant, into outbox: Outbox) { node.advance(to: now, into: outbox) }

  func receive(_ datagram: inout [UInt8], on path: Path, at now: Instant, into outbox: Outbox) {
    if path.remote == mirrorAddress {
      guard let answer = try? STUNMessage(parsing: datagram.span) else { return }
      reflexive = try? answer.xorMappedAddress
    } else {
      node.receive(&datagram, on: path, at: now, into: outbox)
    }
  }
}

private let mirrorAddress = TransportAddress(ip: IPAddress(198, 51, 100, 200), port: 3478)

/// All sixteen pairings of translators, with server-reflexive candidates and without a relay.
///
/// Three cannot work: a symmetric translator's port towards the peer is not the one the mirror saw,
/// and a port-restricted or symmetric one on the other side lets nothing in from a port it never sent
/// to. These need TURN.
@Test(arguments: 0..<4, 0..<4)
func `two clients behind translators connect where that is possible`(left: Int, right: Int) {
  let network = VirtualNetwork(seed: UInt64(left * 4 + right))
  network.attach(Mirror(), to: network.addHost(mirrorAddress.ip), at: mirrorAddress)
  var random = RandomSource.seeded(3)
  let sides = [left, right].enumerated().map { index, kind in
    let nat = network.addNAT(
      kinds[kind], address: IPAddress(203, 0, 113, UInt8(index + 1)))
    let address = TransportAddress(ip: IPAddress(192, 168, UInt8(index), 2), port: 5000)
    let host = network.addHost(
      address.ip, behind: nat, conditions: LinkConditions(delay: .milliseconds(15)))
    let agent = ICEAgent(
      role: index == 0 ? .controlling : .controlled, credentials: .random(using: &random),
      random: .seeded(random.next()))
    let gatherer = Gatherer(AgentNode(agent))
    gatherer.node.agent.addLocalCandidate(ICECandidate(address: address))
    network.attach(gatherer, to: host, at: address)
    network.act(as: gatherer) { outbox, _ in
      outbox.append(on: Path(local: address, remote: mirrorAddress), capacity: 100) { output in
        output.beginSTUN(.request, STUNTransactionID(high: 1, low: 2))
        output.finishSTUN()
      }
    }
    network.run(for: .seconds(1))
    return (gatherer, address)
  }
  for (index, (gatherer, address)) in sides.enumerated() {
    let peer = sides[1 - index].0
    guard let reflexive = gatherer.reflexive else { Issue.record("no answer"); return }
    let candidate = ICECandidate(
      kind: .serverReflexive, address: reflexive, relatedAddress: address)
    gatherer.node.agent.addLocalCandidate(candidate, base: address)
    peer.node.agent.setRemoteCredentials(gatherer.node.agent.localCredentials)
    peer.node.agent.addRemoteCandidate(ICECandidate(address: address))
    peer.node.agent.addRemoteCandidate(candidate)
  }
  let connected = network.run(until: network.now + .seconds(40)) {
    sides.allSatisfy { $0.0.node.agent.state == .connected }
  }
  let isHopeless = (left == 3 && right >= 2) || (right == 3 && left >= 2)
  #expect(connected == !isHopeless)
  if isHopeless { #expect(sides.allSatisfy { $0.0.node.agent.state == .failed }) }
}

@Test(arguments: 0..<4)
func `a rebinding carries the session over without a break of a second`(kind: Int) throws {
  let call = Call(
    conditions: LinkConditions(delay: .milliseconds(20)), nat: kinds[kind], signalsClient: false)
  #expect(call.connect())
  call.network.run(for: .seconds(20))
  let old = try #require(call.server.agent.selectedPath)
  let nat = try #require(call.nat)
  call.network.rebind(nat)
  let start = call.network.now
  let moved = call.network.run(until: start + .seconds(10)) {
    call.server.agent.selectedPath != old
  }
  #expect(moved)
  // The client's next check tells; it comes within 6 s. The switch takes one round trip from there.
  let new = try #require(call.server.agent.selectedPath)
  #expect(new.remote.ip == old.remote.ip && new.remote.port != old.remote.port)
  call.network.run(for: .seconds(60))
  #expect(call.nodes.allSatisfy { $0.agent.state == .connected })
  #expect(call.nodes.allSatisfy { !$0.states.contains(.failed) })
  #expect(call.server.agent.selectedPath == new)
}

@Test func `the gap after a rebinding is one round trip from the first check`() {
  var peer = HandmadePeer.connected()
  let moved = TransportAddress(ip: HandmadePeer.home.ip, port: 7001)
  peer.run(from: .zero, to: .seconds(10))
  peer.receive(peer.check(id: 2, nominates: true), from: moved, at: .seconds(10))
  #expect(peer.agent.selectedPath == HandmadePeer.path())
  peer.answerAll(at: .milliseconds(10_050), to: [moved])
  #expect(peer.agent.selectedPath == HandmadePeer.path(moved))
}

@Test func `a peer that does not repeat its nomination is followed when the old address is silent`()
{
  var peer = HandmadePeer.connected()
  let moved = TransportAddress(ip: HandmadePeer.home.ip, port: 7001)
  peer.run(from: .zero, to: .seconds(10))
  for second in 10...16 as ClosedRange<Int64> {
    peer.receive(
      peer.check(id: UInt64(second)), from: moved, at: .seconds(second))
    peer.run(from: .seconds(second), to: .seconds(second + 1), answering: [moved])
  }
  #expect(peer.agent.selectedPath == HandmadePeer.path(moved))
  #expect(peer.agent.state == .connected)
}
