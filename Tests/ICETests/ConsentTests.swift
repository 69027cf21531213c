import ICE
import RTCTesting
import STUN
import Testing
import Wire

@Test func `consent is asked for every 4 to 6 s, whatever media flows`() {
  let call = Call(conditions: LinkConditions(delay: .milliseconds(20)))
  #expect(call.connect())
  for node in call.nodes { node.mediaInterval = .milliseconds(100) }
  call.network.run(for: .seconds(5))
  var asked: [ObjectIdentifier: [Instant]] = [:]
  let (network, client) = (call.network, call.client)
  network.drops = { path, bytes in
    guard messageClass(bytes) == .request else { return false }
    let sender = path.local == Call.anywhere ? call.server : client
    asked[ObjectIdentifier(sender), default: []].append(network.now)
    return false
  }
  call.network.run(for: .seconds(300))
  for times in asked.values {
    #expect((50...75).contains(times.count))
    let gaps = zip(times, times.dropFirst()).map { $1 - $0 }
    #expect(gaps.allSatisfy { .seconds(4) <= $0 && $0 <= .seconds(6) })
    #expect(Set(gaps).count > 5)
  }
  #expect(asked.count == 2)
  #expect(call.nodes.allSatisfy { $0.states == [.checking, .connected] })
}

@Test func `a dead path is told within 5 s and given up after 30 s`() throws {
  for seed in 1...8 as ClosedRange<UInt64> {
    let call = Call(seed: seed, conditions: LinkConditions(delay: .milliseconds(20)))
    #expect(call.connect())
    for node in call.nodes { node.mediaInterval = .milliseconds(200) }
    call.network.run(for: .milliseconds(20_000 + Int64(seed) * 337))
    let cut = call.network.now
    call.network.setConditions(LinkConditions(isDown: true), of: call.clientHost)
    call.network.run(for: .seconds(60))
    for node in call.nodes {
      // What was under way when the line was cut is the last sign of life.
      let told = try #require(node.time(of: .disconnected))
      #expect(told <= cut + .milliseconds(5_100), "seed \(seed)")
      let failed = try #require(node.time(of: .failed))
      #expect(cut + .seconds(24) <= failed && failed <= cut + .milliseconds(30_100))
      #expect(node.agent.selectedPath == nil && node.agent.deadline == nil)
    }
  }
}

@Test func `where answers are lost but media arrives nobody is told of an outage`() {
  for seed in 1...6 as ClosedRange<UInt64> {
    let link = LinkConditions(delay: .milliseconds(50), loss: .bernoulli(0.3))
    let call = Call(seed: seed, conditions: LinkConditions(delay: .milliseconds(50)))
    #expect(call.connect())
    for node in call.nodes { node.mediaInterval = .milliseconds(50) }
    call.network.setConditions(link, of: call.clientHost)
    call.network.run(for: .seconds(300))
    #expect(call.nodes.allSatisfy { $0.states == [.checking, .connected] }, "seed \(seed)")
  }
}

@Test func `nothing is sent after consent has expired`() {
  let call = Call()
  #expect(call.connect())
  for node in call.nodes { node.mediaInterval = .milliseconds(20) }
  call.network.run(for: .seconds(10))
  call.network.setConditions(LinkConditions(isDown: true), of: call.clientHost)
  call.network.run(for: .seconds(31))
  var sent = 0
  call.network.drops = { _, _ in
    sent += 1; return false
  }
  call.network.run(for: .seconds(600))
  #expect(sent == 0)
}

@Test(arguments: [5, 15, 23] as [Int64])
func `an outage of less than 25 s heals by itself at once`(seconds: Int64) throws {
  for seed in 1...10 as ClosedRange<UInt64> {
    let call = Call(seed: seed, conditions: LinkConditions(delay: .milliseconds(20)))
    #expect(call.connect())
    call.network.run(for: .seconds(10))
    call.network.setConditions(LinkConditions(isDown: true), of: call.clientHost)
    call.network.run(for: .seconds(seconds))
    call.network.setConditions(
      LinkConditions(delay: .milliseconds(20)), of: call.clientHost)
    let healed = call.network.run(until: call.network.now + .milliseconds(700)) {
      call.nodes.allSatisfy { $0.agent.state == .connected }
    }
    #expect(healed)
    #expect(call.nodes.allSatisfy { !$0.states.contains(.failed) })
  }
}

@Test func `a call survives half an hour of heavy loss`() {
  for seed in 1...5 as ClosedRange<UInt64> {
    let call = Call(
      seed: seed, conditions: LinkConditions(delay: .milliseconds(30), loss: .bernoulli(0.1)))
    #expect(call.connect())
    call.network.setConditions(
      LinkConditions(delay: .milliseconds(30), loss: .bernoulli(0.3)), of: call.clientHost)
    call.network.run(for: .seconds(1800))
    #expect(call.nodes.allSatisfy { !$0.states.contains(.failed) })
    // Half of all round trips fail; a false alarm every few minutes is what 5 s allow.
    #expect(call.nodes.allSatisfy { $0.states.count <= 20 }, "\(call.nodes.map(\.states.count))")
  }
}

@Test func `one lost request does not end the asking`() {
  let call = Call()
  #expect(call.connect())
  var lost = 0
  call.network.drops = { _, bytes in
    guard messageClass(bytes) == .request, lost < 2 else { return false }
    lost += 1
    return true
  }
  call.network.run(for: .seconds(120))
  #expect(lost == 2)
  #expect(call.nodes.allSatisfy { $0.states == [.checking, .connected] })
}

@Test func `a peer that asks and no longer answers is alive`() {
  let call = Call(conditions: LinkConditions(delay: .milliseconds(20)))
  #expect(call.connect())
  call.network.drops = { path, bytes in
    path.local == Call.clientAddress && messageClass(bytes) == .success
  }
  call.network.run(for: .seconds(300))
  #expect(call.server.states == [.checking, .connected])
  #expect(call.client.states == [.checking, .connected])
  // It is asked at the usual pace, not hammered.
  #expect(call.server.agent.statistics.checksSent < 150)
}

@Test func `media and forged checks do not keep a path alive`() {
  var peer = HandmadePeer.connected()
  for second in 1...40 as ClosedRange<Int64> {
    let forged = peer.check(id: UInt64(second), nominates: true, password: "wrong")
    peer.receive(forged, at: .seconds(second))
    let indication = [UInt8](capacity: 100) { output in
      output.beginSTUN(.indication, STUNTransactionID(high: 1, low: 1))
      output.finishSTUN()
    }
    peer.receive(indication, at: .seconds(second))
    peer.receive([0x80, 0x60, 1, 2, 3, 4], at: .seconds(second))
    peer.run(from: .seconds(second), to: .seconds(second + 1), answering: [])
  }
  #expect(peer.agent.state == .failed)
  #expect(peer.events.last == .stateChanged(.failed))
}

@Test func `an answer under the wrong password proves nothing`() {
  var peer = HandmadePeer.connected()
  let other = HandmadePeer(role: .controlling)
  var now = Instant.zero
  while let deadline = peer.agent.deadline, deadline < .seconds(60) {
    now = max(now, deadline)
    peer.advance(to: now)
    for datagram in peer.sent() {
      guard var bytes = peer.answer(to: datagram.bytes) else { continue }
      bytes[bytes.count - 10] ^= 1
      peer.receive(bytes, at: now)
      if let good = peer.answer(to: datagram.bytes) {
        // Right, but from elsewhere (RFC 8445 §7.2.5.2.1).
        let elsewhere = TransportAddress(ip: IPAddress(192, 0, 2, 66), port: 1)
        peer.receive(good, from: elsewhere, at: now)
      }
    }
  }
  #expect(peer.agent.state == .failed)
  #expect(other.agent.state == .checking)
}

@Test func `an answer that takes two seconds is still one`() {
  var peer = HandmadePeer.connected()
  var pending: [(Instant, [UInt8])] = []
  var now = Instant.zero
  while now < .seconds(100) {
    now = now + .milliseconds(100)
    peer.advance(to: now)
    pending += peer.sent().compactMap { datagram in
      peer.answer(to: datagram.bytes).map { (now + .seconds(2), $0) }
    }
    while let first = pending.first, first.0 <= now {
      peer.receive(first.1, at: now)
      pending.removeFirst()
    }
  }
  #expect(peer.agent.state == .connected)
  #expect(peer.agent.statistics.roundTripTime.map { $0 > .milliseconds(1500) } == true)
}

@Test func `a lite peer is checked, nominated and asked by us alone`() {
  let network = VirtualNetwork(seed: 1)
  let call = Call()
  // The lite side answers and never asks: its requests are lost before they leave.
  call.network.drops = { path, bytes in
    path.local == Call.anywhere && messageClass(bytes) == .request
  }
  #expect(
    call.network.run(until: .seconds(2)) { call.client.agent.state == .connected })
  call.network.run(for: .seconds(120))
  #expect(call.client.states == [.checking, .connected])
  #expect(call.client.agent.statistics.checksReceived == 0)
  #expect(network.count(.delivered) == 0)
}

private let attentive = {
  var configuration = ICEAgent.Configuration()
  configuration.mediaSilence = .seconds(1)
  return configuration
}()

@Test func `where media may not stop a dead path is told within 2.5 s`() throws {
  for seed in 1...8 as ClosedRange<UInt64> {
    let call = Call(
      seed: seed, conditions: LinkConditions(delay: .milliseconds(20)), configuration: attentive)
    #expect(call.connect())
    for node in call.nodes { node.mediaInterval = .milliseconds(200) }
    call.network.run(for: .milliseconds(20_000 + Int64(seed) * 337))
    let cut = call.network.now
    call.network.setConditions(LinkConditions(isDown: true), of: call.clientHost)
    call.network.run(for: .seconds(10))
    for node in call.nodes {
      let told = try #require(node.time(of: .disconnected))
      #expect(cut + .milliseconds(1_500) <= told && told <= cut + .milliseconds(2_500), "\(seed)")
    }
  }
}

@Test func `whoever cannot be heard is missed while it hears everything`() throws {
  let call = Call(conditions: LinkConditions(delay: .milliseconds(20)), configuration: attentive)
  #expect(call.connect())
  for node in call.nodes { node.mediaInterval = .milliseconds(20) }
  call.network.run(for: .seconds(20))
  let cut = call.network.now
  call.network.drops = { path, _ in path.local == Call.clientAddress }
  call.network.run(for: .seconds(10))
  let told = try #require(call.server.time(of: .disconnected))
  #expect(told <= cut + .milliseconds(2_500))
}

@Test
func `media that merely stops is followed by a question, and by nothing where that is answered`() {
  let call = Call(conditions: LinkConditions(delay: .milliseconds(20)), configuration: attentive)
  #expect(call.connect())
  for node in call.nodes { node.mediaInterval = .milliseconds(20) }
  call.network.run(for: .seconds(20))
  for node in call.nodes { node.mediaInterval = nil }
  let asked = call.server.agent.statistics.checksSent
  call.network.run(for: .seconds(60))
  #expect(call.nodes.allSatisfy { $0.states == [.checking, .connected] })
  #expect((10...16).contains(call.server.agent.statistics.checksSent - asked))
}
