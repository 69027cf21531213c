import Cryptography
import DTLS
import ICE
import Peer
import RTCTesting
import STUN
import TURN
import Testing
import VirtualServers
import Wire

/// Relayed candidates: how they come, what goes through them, how they end.
struct RelayTests {
  @Test func `one server for both gives a reflexive and a relayed candidate for one request`()
    throws
  {
    let sides = TwoSides([.portRestricted, nil], servers: [[TwoSides.turn()], []])
    let node = sides.nodes[0]
    #expect(!node.gatherer.lendsRelays)
    sides.network.run(for: .seconds(1))
    #expect(node.gatherer.lendsRelays)
    #expect(node.isFinished && node.gatherer.candidates.map(\.candidate.kind).count == 3)
    let reflexive = try #require(node.candidates(.serverReflexive).first)
    let relayed = try #require(node.candidates(.relayed).first)
    #expect(reflexive.address.ip == IPAddress(203, 0, 113, 1))
    #expect(relayed.relatedAddress == reflexive.address)
    let gathered = try #require(node.gatherer.candidates.last)
    #expect(gathered.base == relayed.address && gathered.server == TwoSides.turn())
    #expect(node.candidates(.host)[0].priority > reflexive.priority)
    #expect(reflexive.priority > relayed.priority)
    #expect(
      node.gatherer.isRelayed(Path(local: relayed.address, remote: TwoSides.serverAddress)))
  }

  @Test func `who shows only relays does not tell what is behind them`() throws {
    var options = CandidateGatherer.Options()
    options.usesRelaysOnly = true
    let sides = TwoSides(
      [.portRestricted, nil], servers: [[TwoSides.stun, TwoSides.turn()], []],
      options: [options, .init()])
    sides.network.run(for: .seconds(1))
    let all = sides.nodes[0].gatherer.candidates.map(\.candidate)
    #expect(all.map(\.kind) == [.relayed])
    #expect(all.first?.relatedAddress == TransportAddress("0.0.0.0:0"))
  }

  @Test func `UDP is preferred to TCP, and TCP to TLS`() {
    let servers = [TwoSides.turn(.tls), TwoSides.turn(.tcp), TwoSides.turn()]
    let sides = TwoSides([nil, nil], servers: [servers, []])
    sides.network.run(for: .seconds(1))
    let relayed = sides.nodes[0].gatherer.candidates.filter { $0.candidate.kind == .relayed }
    let order = relayed.sorted { $0.candidate.priority > $1.candidate.priority }
    #expect(order.map(\.server) == servers.reversed())
    #expect(Set(relayed.map(\.candidate.foundation)).count == 3)
    // Its mapped address is its own: no reflexive candidate.
    #expect(sides.nodes[0].candidates(.serverReflexive).isEmpty)
  }

  @Test func `wrong credentials, a used-up quota and silence are told once per server`() {
    let elsewhere = CandidateGatherer.Server(
      kind: .turn(username: "user", password: "secret", transport: .udp),
      address: TransportAddress(ip: IPAddress(198, 51, 100, 9), port: 3478))
    let sides = TwoSides(
      [nil, nil], servers: [[TwoSides.turn(password: "wrong")], [elsewhere]])
    sides.network.run(for: .seconds(4))
    #expect(sides.nodes[0].failures == [401] && sides.nodes[0].isFinished)
    #expect(sides.nodes[1].failures.isEmpty && !sides.nodes[1].isFinished)
    sides.network.run(for: .seconds(2))
    #expect(sides.nodes[1].failures == [701] && sides.nodes[1].isFinished)
    let crowded = TwoSides([nil, nil], servers: [[], []])
    crowded.server.server.configuration.maximumAllocationsPerUser = 0
    let node = crowded.nodes[0]
    crowded.network.act(as: node) {
      node.start([crowded.bases[0]], [TwoSides.turn()], at: $1, into: $0)
    }
    crowded.network.run(for: .seconds(1))
    #expect(node.failures == [486])
  }

  @Test func `a connection that cannot be made is told at once`() {
    let sides = TwoSides([nil, nil], servers: [[TwoSides.turn(.tcp)], []])
    let node = sides.nodes[0]
    var events: [CandidateGatherer.Event] = []
    let path = Path(transport: .tcp, local: sides.bases[0], remote: TwoSides.serverAddress)
    node.gatherer.pathFailed(path, at: sides.network.now, into: Outbox(), events: &events)
    #expect(events.last == .finished && events.count == 2)
    guard case .serverFailed(_, 701, _)? = events.first else {
      Issue.record("no failure")
      return
    }
  }

  @Test func `a server may send us on, but not for ever`() throws {
    var hand = HandmadeGathering()
    let server = CandidateGatherer.Server(
      kind: .turn(username: "user", password: "secret", transport: .udp),
      address: HandmadeGathering.servers[0].address)
    hand.start([HandmadeGathering.laptop], [server])
    var asked: [TransportAddress] = []
    var now = Instant.zero
    while let request = hand.sent().first {
      asked.append(request.path.remote)
      let id = try STUNMessage(parsing: request.bytes.span).transactionID
      let other = TransportAddress(ip: IPAddress(198, 51, 100, UInt8(50 + asked.count)), port: 1)
      let answer = [UInt8](capacity: 100) { output in
        output.beginSTUN(.error, id, method: .allocate)
        output.appendSTUN(.tryAlternate)
        output.appendSTUN(alternateServer: other)
        output.finishSTUN()
      }
      _ = hand.receive(answer, on: request.path, at: now)
      now = now + .milliseconds(50)
      hand.advance(to: now)
    }
    #expect(asked.count == 3 && Set(asked).count == 3)
    #expect(hand.events.contains(.serverFailed(server, code: 300, reason: "")))
    #expect(hand.events.last == .finished)
  }

  @Test func `a lost relay swallows what is sent through it, and is not signalled again`() throws {
    let sides = TwoSides([nil, nil], servers: [[TwoSides.turn(.tcp)], []])
    sides.network.run(for: .seconds(1))
    let node = sides.nodes[0]
    let relayed = try #require(node.candidates(.relayed).first).address
    let inner = Outbox()
    let outer = Outbox()
    let direct = Path(local: sides.bases[0], remote: sides.bases[1])
    inner.append([0x80].span, on: Path(local: relayed, remote: sides.bases[1]))
    inner.append([0x81].span, on: direct)
    node.gatherer.route(inner, at: sides.network.now, into: outer)
    // A permission, a channel, the datagram in an indication; and the other one as it was.
    #expect(outer.datagrams.count == 4 && outer.datagrams.last?.path == direct)
    #expect(outer.datagrams.dropLast().allSatisfy { $0.path.transport == .tcp })
    var events: [CandidateGatherer.Event] = []
    let path = Path(transport: .tcp, local: sides.bases[0], remote: TwoSides.serverAddress)
    node.gatherer.pathFailed(path, at: sides.network.now, into: outer, events: &events)
    #expect(events.isEmpty && node.candidates(.relayed).isEmpty)
    outer.removeAll()
    node.gatherer.route(inner, at: sides.network.now, into: outer)
    #expect(outer.datagrams.map(\.path) == [direct])
    #expect(node.gatherer.isRelayed(Path(local: relayed, remote: sides.bases[1])))
  }

  @Test(arguments: [TURNTransport.udp, .tcp])
  func `a lost relay is asked for again by the next gathering`(transport: TURNTransport) throws {
    let sides = TwoSides([nil, nil], servers: [[TwoSides.turn(transport)], []])
    sides.network.run(for: .seconds(1))
    let node = sides.nodes[0]
    let path = Path(
      transport: transport == .udp ? .udp : .tcp, local: sides.bases[0],
      remote: TwoSides.serverAddress)
    #expect(node.gatherer.turnServer(on: path) == TwoSides.turn(transport))
    var events: [CandidateGatherer.Event] = []
    node.gatherer.pathFailed(path, at: sides.network.now, into: Outbox(), events: &events)
    #expect(node.gatherer.turnServer(on: path) == nil)
    #expect(!node.gatherer.candidates.contains { $0.candidate.kind == .relayed })
    // Another client of the same server from the same address is refused by it while the old one lasts.
    sides.network.run(for: .seconds(700))
    sides.network.act(as: node) {
      node.start([sides.bases[0]], [TwoSides.turn(transport)], at: $1, into: $0)
    }
    sides.network.run(for: .seconds(1))
    #expect(node.gatherer.candidates.count { $0.candidate.kind == .relayed } == 1)
    #expect(node.isFinished)
    // What holds is not asked for again.
    let sent = sides.network.count(.delivered)
    sides.network.act(as: node) {
      node.start([sides.bases[0]], [TwoSides.turn(transport)], at: $1, into: $0)
    }
    sides.network.run(for: .seconds(1))
    #expect(sides.network.count(.delivered) == sent)
  }

  @Test func `closing gives everything back, whatever gets lost`() {
    let sides = TwoSides(
      [.symmetric, nil], servers: [[TwoSides.stun, TwoSides.turn(), TwoSides.turn(.tcp)], []],
      conditions: LinkConditions(delay: .milliseconds(20), loss: .bernoulli(0.3)))
    sides.network.run(for: .seconds(10))
    #expect(sides.server.server.allocationCount == 2)
    let node = sides.nodes[0]
    sides.network.act(as: node) { node.gatherer.close(at: $1, into: $0) }
    sides.network.run(for: .seconds(10))
    #expect(sides.server.server.allocationCount == 0 && node.gatherer.deadline == nil)
  }

  @Test func `handshake and media go through the relay`() throws {
    var options = CandidateGatherer.Options()
    options.usesRelaysOnly = true
    let sides = TwoSides(
      [.symmetric, .symmetric], servers: [[TwoSides.turn(.tls)], [TwoSides.turn()]],
      options: [options, options])
    let isFinished = sides.network.run(until: .zero + .seconds(5)) {
      sides.nodes.allSatisfy(\.isFinished)
    }
    #expect(isFinished)
    var random = RandomSource.seeded(3)
    let names = (0..<2).map { _ in ICECredentials.random(using: &random) }
    let peers = try (0..<2).map { index in
      var ice = ICEAgent(
        role: index == 0 ? .controlling : .controlled, credentials: names[index],
        random: random.split())
      for gathered in sides.nodes[index].gatherer.candidates {
        ice.addLocalCandidate(gathered.candidate, base: gathered.base)
      }
      let remote = try RemotePeer(
        ice: ice,
        security: .dtls(
          try DTLSContext(identity: Connection.identity(index)),
          role: index == 0 ? .client : .server,
          fingerprints: [Connection.identity(1 - index).fingerprint]))
      remote.setRemote(
        names[1 - index], candidates: sides.nodes[1 - index].gatherer.candidates.map(\.candidate),
        isComplete: true)
      return PeerNode(remote, ssrc: UInt32(index + 1))
    }
    for index in 0..<2 { sides.nodes[index].inner = peers[index] }
    let isConnected = sides.network.run(until: sides.network.now + .seconds(5)) {
      peers.allSatisfy(\.remote.isConnected)
    }
    #expect(isConnected)
    let before = peers.map(\.received.count)
    sides.network.run(for: .seconds(10))
    for (index, peer) in peers.enumerated() {
      #expect(peer.received.count - before[index] > 480 && peer.rejectedCount == 0)
      #expect(peer.feedback.count > 100 && peer.count(.failed) == 0)
    }
    #expect(sides.server.server.statistics.drops.total == 0)
  }
}
