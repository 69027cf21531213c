import RTCTesting
import STUN
import TURN
import Testing
import VirtualServers
import Wire

/// Client and server on the virtual network.
struct ClientServerTests {
  @Test(arguments: [Path.Transport.udp, .tcp, .tls])
  func `a client gets an address, and data flows both ways`(transport: Path.Transport) throws {
    let world = TURNWorld()
    let node = world.addClient(transport: transport)
    world.settle()
    let relayed = try #require(node.client.relayedAddress)
    #expect(relayed.ip == TURNWorld.serverAddress.ip)
    #expect(node.client.mappedAddress == node.client.path.local)
    // STUN goes by indications and asks for no channel.
    world.send([0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42] + [UInt8](repeating: 0, count: 12), from: node)
    #expect(world.peer.received.count == 1 && node.received.count == 1)
    #expect(world.peer.received[0].path.remote == relayed)
    #expect(!node.events.contains(.channelBound(TURNWorld.peerAddress)))
    for size in [1, 2, 3, 4, 1200] {
      world.send([UInt8](repeating: 0x80, count: size), from: node)
    }
    #expect(node.received.map(\.bytes.count) == [20, 1, 2, 3, 4, 1200])
    #expect(node.received.allSatisfy { $0.peer == TURNWorld.peerAddress })
    #expect(node.events.contains(.channelBound(TURNWorld.peerAddress)))
    #expect(node.firstBytes.last == 0x40)
    #expect(node.foreignCount == 0 && node.failure == nil)
    #expect(world.network.stuckTimerCount == 0)
  }

  @Test func `an address of IPv6 is given where it is asked for`() throws {
    let world = TURNWorld()
    var options = TURNClient.Options()
    options.family = .v6
    let node = world.addClient(options: options)
    world.settle()
    #expect(node.client.relayedAddress?.ip == TURNWorld.relayV6)
    world.send([0x80], from: node, to: TURNWorld.peerAddressV6)
    world.send([0x81], from: node, to: TURNWorld.peerAddressV6)
    world.send([0x82], from: node, to: TURNWorld.peerAddress)
    #expect(node.received.map(\.bytes) == [[0x80], [0x81]])
  }

  @Test func `one allocation serves both families, and is kept alive for hours`() throws {
    let world = TURNWorld()
    var options = TURNClient.Options()
    options.asksForBothFamilies = true
    let node = world.addClient(options: options)
    world.settle()
    #expect(node.client.relayedAddress?.ip == TURNWorld.serverAddress.ip)
    #expect(node.client.additionalRelayedAddress?.ip == TURNWorld.relayV6)
    #expect(
      node.events.contains(
        .allocatedAdditionally(try #require(node.client.additionalRelayedAddress))))
    for round in 0..<7 as Range<UInt8> {
      world.send([0x80, round], from: node)
      world.send([0x81, round], from: node, to: TURNWorld.peerAddressV6)
      world.settle(.seconds(600))
    }
    #expect(node.received.count == 14 && node.failure == nil)
    #expect(Set(node.received.map(\.peer)) == [TURNWorld.peerAddress, TURNWorld.peerAddressV6])
    #expect(world.server.server.allocationCount == 1 && world.server.relays.count == 2)
    world.network.act(as: node) { node.client.close(at: $1, into: $0) }
    world.settle()
    #expect(world.server.relays.isEmpty && node.client.additionalRelayedAddress == nil)
  }

  @Test func `a server of one family says so, and serves that`() {
    let world = TURNWorld { $0.families = [.v4] }
    var options = TURNClient.Options()
    options.asksForBothFamilies = true
    let node = world.addClient(options: options)
    world.settle()
    #expect(node.events.contains(.familyRefused(.v6, STUNErrorCode(rawValue: 440))))
    world.send([0x80], from: node)
    world.send([0x81], from: node, to: TURNWorld.peerAddressV6)
    #expect(node.received.map(\.bytes) == [[0x80]] && node.failure == nil)
  }

  @Test func `a client that wants no fragments asks for it everywhere`() {
    var options = TURNClient.Options()
    options.forbidsFragmentation = true
    let unable = TURNWorld()
    let refused = unable.addClient(options: options)
    unable.settle()
    #expect(refused.failure == .refused(STUNErrorCode(rawValue: 420)))
    let world = TURNWorld { $0.canForbidFragmentation = true }
    let node = world.addClient(options: options)
    world.settle()
    world.send([0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42] + [UInt8](repeating: 0, count: 12), from: node)
    #expect(node.received.count == 1)
    #expect(world.server.events.contains(.forbidFragmentation(datagram: 0)))
  }

  @Test(arguments: [0.1, 0.3], 1...5 as ClosedRange<UInt64>)
  func `loss, reordering and duplicates only cost time`(loss: Double, seed: UInt64) {
    let world = TURNWorld(
      seed: seed,
      conditions: LinkConditions(
        delay: .milliseconds(30), jitter: .milliseconds(20), loss: .bernoulli(loss),
        reordering: 0.1, duplication: 0.2))
    let node = world.addClient()
    let isAllocated = world.network.run(until: .zero + .seconds(60)) {
      node.client.state == .allocated
    }
    #expect(isAllocated)
    for index in 0..<50 as Range<UInt8> { world.send([0x80, index], from: node) }
    #expect(Set(node.received.map(\.bytes)).count > Int(50 * (1 - loss) * (1 - loss) * 0.6))
    // An hour of refreshes.
    world.settle(.seconds(3600))
    #expect(node.client.state == .allocated)
    #expect(world.server.server.allocationCount == 1)
    let before = node.received.count
    for index in 50..<80 as Range<UInt8> { world.send([0x80, index], from: node) }
    #expect(node.received.count > before)
    #expect(world.network.stuckTimerCount == 0)
  }

  @Test func `allocation, permissions and channels are kept alive for hours`() throws {
    let world = TURNWorld()
    let node = world.addClient()
    world.settle()
    let relayed = node.client.relayedAddress
    world.send([0x80], from: node)
    for _ in 0..<24 {
      world.settle(.seconds(600))
      world.network.inject([0x90], from: TURNWorld.peerAddress, to: try #require(relayed))
      world.settle()
    }
    #expect(node.received.count == 25)
    #expect(node.client.relayedAddress == relayed && node.failure == nil)
    // Nonces are good for an hour: new ones were taken without a word.
    #expect(world.server.server.statistics.refusals[438, default: 0] >= 3)
  }

  @Test func `a wrong password, an unknown user and a quota are told`() {
    let world = TURNWorld { $0.maximumAllocationsPerUser = 2 }
    let wrong = world.addClient(password: "wrong")
    let unknown = world.addClient(username: "nobody")
    world.settle()
    #expect(wrong.failure == .refused(STUNErrorCode(rawValue: 401)))
    #expect(unknown.failure == .refused(STUNErrorCode(rawValue: 401)))
    #expect(wrong.client.deadline == nil && wrong.client.state == .ended)
    let nodes = (0..<3).map { _ in world.addClient() }
    world.settle()
    #expect(nodes.map { $0.failure == nil } == [true, true, false])
    #expect(nodes[2].failure == .refused(STUNErrorCode(rawValue: 486)))
    #expect(world.server.server.allocationCount == 2)
    // One that is given back makes room.
    world.network.act(as: nodes[0]) { nodes[0].client.close(at: $1, into: $0) }
    let next = world.addClient()
    world.settle()
    #expect(next.client.state == .allocated)
  }

  @Test func `closing gives the address back, also where an answer is still on its way`() {
    let world = TURNWorld(conditions: LinkConditions(delay: .milliseconds(50)))
    let node = world.addClient()
    world.settle()
    world.network.act(as: node) { node.client.close(at: $1, into: $0) }
    world.settle()
    #expect(node.events.last == .closed && node.client.deadline == nil)
    #expect(world.server.server.allocationCount == 0 && world.server.relays.isEmpty)
    let hasty = world.addClient()
    // The second request has left, and its answer has not come.
    world.settle(.milliseconds(130))
    world.network.act(as: hasty) { hasty.client.close(at: $1, into: $0) }
    world.settle()
    #expect(hasty.events == [.closed])
    #expect(world.server.server.allocationCount == 0 && world.server.relays.isEmpty)
    let early = world.addClient()
    world.network.act(as: early) { early.client.close(at: $1, into: $0) }
    world.settle()
    #expect(early.client.state == .ended && world.server.server.allocationCount == 0)
  }

  @Test func `a server that is gone is noticed, at the start and later`() {
    let world = TURNWorld()
    let node = world.addClient()
    world.settle()
    world.network.kill(world.server)
    world.settle(.seconds(1000))
    #expect(node.failure == .expired && node.client.deadline == nil)
    let late = world.addClient()
    world.settle(.seconds(31))
    #expect(late.failure == nil)
    world.settle(.seconds(2))
    #expect(late.failure == .unreachable)
    let stream = world.addClient(transport: .tcp)
    world.settle(.seconds(39))
    #expect(stream.failure == nil)
    world.settle(.seconds(2))
    #expect(stream.failure == .unreachable)
  }

  @Test func `a server that has forgotten everything is left`() {
    let world = TURNWorld()
    let node = world.addClient()
    world.settle()
    world.network.act(as: world.server) { outbox, now in
      world.server.perform(at: now, into: outbox) {
        world.server.server.revoke(username: "user", at: now, events: &$0)
      }
    }
    #expect(world.server.relays.isEmpty)
    // The next thing that is asked brings it out.
    world.send([0x80], from: node)
    #expect(node.failure == .refused(STUNErrorCode(rawValue: 437)))
  }

  @Test func `a broken connection ends the allocation on both sides`() {
    let world = TURNWorld()
    let node = world.addClient(transport: .tcp)
    world.settle()
    #expect(world.server.server.allocationCount == 1)
    var events: [TURNClient.Event] = []
    node.client.pathFailed(events: &events)
    #expect(events == [.failed(.pathFailed)])
    world.network.act(as: world.server) { outbox, now in
      world.server.perform(at: now, into: outbox) {
        let path = Path(
          transport: .tcp, local: TURNWorld.serverAddress, remote: node.client.path.local)
        world.server.server.connectionClosed(path, events: &$0)
      }
    }
    #expect(world.server.server.allocationCount == 0 && world.server.relays.isEmpty)
  }

  @Test func `no port left is 508, and told`() {
    let world = TURNWorld()
    world.server.remainingPorts = 1
    let nodes = (0..<2).map { _ in world.addClient() }
    world.settle()
    #expect(nodes[1].failure == .refused(STUNErrorCode(rawValue: 508)))
    #expect(world.server.server.allocationCount == 1)
  }

  @Test func `nobody without a permission is heard, and a forbidden peer gets none`() throws {
    let world = TURNWorld {
      $0.peers = TURNPeerPolicy(
        others: .everybody, denied: [IPAddressRange("192.0.2.77/32")].compactMap(\.self))
    }
    let node = world.addClient()
    world.settle()
    world.network.inject(
      [1], from: TransportAddress(ip: IPAddress(192, 0, 2, 78), port: 9),
      to: try #require(node.client.relayedAddress))
    world.send([0x80], from: node)
    #expect(node.received.isEmpty && world.peer.received.isEmpty)
    #expect(
      node.events.contains(
        .permissionRefused(TURNWorld.peerAddress.ip, STUNErrorCode(rawValue: 403))))
    #expect(world.server.server.statistics.drops.total >= 2)
    #expect(node.client.state == .allocated)
  }

  @Test func `the newer keys are used where a server offers them`() {
    var configuration = TURNServer.Configuration()
    configuration.authority.users = ["user": "secret"]
    configuration.peers = TURNPeerPolicy(others: .everybody)
    configuration.offersSHA256 = true
    let world = TURNWorld(configuration: configuration)
    let node = world.addClient()
    var codes = 0
    world.network.drops = { _, bytes in
      if let message = try? STUNMessage(parsing: bytes.span), message.hasMessageIntegritySHA256 {
        codes += 1
      }
      return false
    }
    world.settle()
    world.send([0x80], from: node)
    #expect(node.received.count == 1 && codes >= 4)
    let wrong = world.addClient(password: "wrong")
    world.settle()
    #expect(wrong.failure == .refused(STUNErrorCode(rawValue: 401)))
  }

  @Test func `credentials of a shared secret are good until their time is over`() {
    let secret = TURNSharedSecret("between us")
    let world = TURNWorld { $0.authority = TURNAuthority(secrets: [secret]) }
    world.server.server.setUnixTime(1_700_000_000, at: .zero)
    let credentials = secret.credentials(for: "alice", expiresAt: 1_700_000_300)
    #expect(credentials.username == "1700000300:alice")
    let node = world.addClient(
      username: credentials.username, password: credentials.password)
    world.settle()
    #expect(node.client.state == .allocated)
    world.settle(.seconds(200))
    #expect(node.client.state == .allocated)
    // The allocation does not outlive the credentials by more than a minute.
    world.settle(.seconds(170))
    #expect(node.client.state == .ended)
    #expect(world.server.server.allocationCount == 0)
    let late = world.addClient(
      username: credentials.username, password: credentials.password)
    world.settle()
    #expect(late.failure == .refused(STUNErrorCode(rawValue: 401)))
  }
}
