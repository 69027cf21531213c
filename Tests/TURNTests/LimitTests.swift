import Cryptography
import STUN
import TURN
import Testing
import Wire

/// Who gets how much (reliability rows 23, 32, 39, 41).
struct LimitTests {
  private static let peer = TURNWorld.peerAddress

  @Test func `row 39: an address has a quota beside that of users, and a /64 is one address`()
    throws
  {
    let server = HandmadeClient.server {
      $0.maximumAllocationsPerAddress = 3
      $0.maximumAllocationsPerUser = 100
    }
    var port: UInt16 = 5000
    func allocate(_ host: IPAddress) -> UInt16? {
      port += 1
      var client = HandmadeClient(server, port: port, host: host)
      return client.allocate()
    }
    let host = IPAddress(192, 0, 2, 9)
    #expect((0..<4).map { _ in allocate(host) } == [0, 0, 0, 486])
    #expect(allocate(IPAddress(192, 0, 2, 10)) == 0)
    // The same in its form of IPv6.
    #expect(allocate(IPAddress(v6High: 0, low: 0xffff_c000_0209)) == 486)
    let hosts = (0..<4).map { IPAddress(v6High: 0x2a00_0001_0002_0003, low: UInt64($0) << 40) }
    #expect(hosts.map { allocate($0) } == [0, 0, 0, 486])
    #expect(allocate(IPAddress(v6High: 0x2a00_0001_0002_0004, low: 0)) == 0)
    #expect(server.statistics.refusals[486] == 3)
  }

  @Test func `row 39: a telephone that changes its network four times finds a place each time`() {
    let server = HandmadeClient.server()
    var stranger = HandmadeClient(server, port: 4999)
    (stranger.username, stranger.password) = ("other", "word")
    #expect(stranger.allocate() == 0)
    var networks = (0..<5).map {
      HandmadeClient(server, host: IPAddress(192, 0, 2, UInt8(20 + $0)))
    }
    for index in networks.indices {
      networks[index].nextPort += UInt16(index)
      networks[index].now = .zero + .seconds(140 * Int64(index))
      #expect(networks[index].allocate() == 0, "network \(index)")
    }
    // The one it was in first; whoever else has done nothing for as long keeps what is theirs.
    #expect(networks[4].closedRelays == [networks[0].relayedAddress])
    #expect(server.statistics.evictions == 1 && server.statistics.refusals[486] == nil)
    #expect(server.allocationCount == 5)
    #expect(networks[0].refresh(lifetime: 600) == 437)
    stranger.now = networks[4].now
    #expect(stranger.refresh(lifetime: 600) == 0)
  }

  /// What uses an allocation: either direction, by channel or not, and every request about it.
  @Test func `row 39: what was used within half a minute stays, and the longest unused goes`()
    throws
  {
    let server = HandmadeClient.server()
    var clients = (0..<4).map { HandmadeClient(server, port: 5000 + UInt16($0)) }
    for index in clients.indices {
      #expect(clients[index].allocate() == 0)
      #expect(clients[index].bind(0x4000, to: Self.peer) == 0)
      clients[index].now = .zero + .seconds(29)
    }
    let relayed = try #require(clients[2].relayedAddress)
    #expect(clients[0].send([1], to: Self.peer).count == 1)
    #expect(clients[1].relayed(channelData(0x4000, [1])).count == 1)
    #expect(clients[2].receive([1], at: relayed, from: Self.peer).count == 1)
    #expect(clients[3].refresh(lifetime: 600) == 0)
    var late = HandmadeClient(server, port: 5009)
    late.now = .zero + .seconds(58)
    #expect(late.allocate() == 486 && server.statistics.evictions == 0)
    clients[0].now = late.now
    #expect(clients[0].relayed(channelData(0x4000, [2])).count == 1)
    late.now = .zero + .seconds(59)
    // A pair takes two places, and three are free to be had.
    #expect(late.allocate { output, _ in output.appendSTUN(evenPortReservingNext: true) } == 0)
    #expect(late.closedRelays == [clients[1], clients[2]].compactMap(\.relayedAddress))
    #expect(server.statistics.evictions == 2)
    #expect(clients[0].relayed(channelData(0x4000, [3])).count == 1)
  }

  @Test
  func `row 39: nobody loses a place to others, nor for a request that is refused all the same`() {
    let server = HandmadeClient.server {
      $0.maximumAllocationsPerUser = 2
      $0.maximumAllocationsPerAddress = 3
    }
    var clients = (0..<3).map { HandmadeClient(server, port: 5000 + UInt16($0)) }
    (clients[2].username, clients[2].password) = ("other", "word")
    for index in clients.indices { #expect(clients[index].allocate() == 0) }
    var late = HandmadeClient(server, port: 5009)
    late.now = .zero + .seconds(100)
    #expect(late.allocate() == 486, "the address has three, whoever they are of")
    var foreign = HandmadeClient(server, port: 5010)
    (foreign.username, foreign.password) = ("other", "wrong")
    foreign.now = late.now
    #expect(foreign.allocate() == 401)
    #expect(server.statistics.evictions == 0 && server.allocationCount == 3)
    var elsewhere = HandmadeClient(server, port: 5011, host: IPAddress(192, 0, 2, 30))
    elsewhere.now = late.now
    #expect(elsewhere.allocate() == 0 && server.statistics.evictions == 1)
    #expect(server.allocationCount == 3)
  }

  @Test func `places come back however an allocation ends`() {
    let server = HandmadeClient.server { $0.maximumAllocationsPerAddress = 1 }
    var clock = Instant.zero
    for way in 0..<12 {
      var client = HandmadeClient(server, port: 5000 + UInt16(way), transport: .tcp)
      client.now = clock
      if way % 4 == 3 { client.opensRelays = false }
      #expect(client.allocate() == (way % 4 == 3 ? nil : 0), "\(way)")
      switch way % 4 {
      case 0: #expect(client.refresh(lifetime: 0) == 0)
      case 1: server.connectionClosed(client.path, events: &client.events)
      case 2:
        clock = clock + .seconds(601)
        _ = client.advance(to: clock)
      default:
        clock = clock + .seconds(11)
        _ = client.advance(to: clock)
      }
      #expect(server.allocationCount == 0 && server.deadline == nil)
    }
  }

  @Test func `what is beyond the bandwidth of an allocation is dropped, both ways together`() throws
  {
    let server = HandmadeClient.server { $0.maximumBytesPerSecond = 10_000 }
    var client = HandmadeClient(server)
    #expect(client.allocate() == 0 && client.bind(0x4000, to: Self.peer) == 0)
    let relayed = try #require(client.relayedAddress)
    let data = [UInt8](repeating: 7, count: 1000)
    func second() -> Int {
      var count = 0
      for _ in 0..<40 {
        count += client.relayed(channelData(0x4000, data)).count
        count += client.receive(data, at: relayed, from: Self.peer).count
      }
      return count
    }
    #expect((10...11).contains(second()))
    client.now = .zero + .seconds(1)
    #expect((10...11).contains(second()))
    client.now = .zero + .seconds(100)
    #expect((10...11).contains(second()), "no more than a second's worth is saved")
    let counted = server.statistics.sent.datagrams + server.statistics.received.datagrams
    #expect(server.statistics.drops[.overBandwidth] == 240 - counted)
    #expect(server.statistics.drops.total == 240 - counted)
    // Another one has its own.
    var other = HandmadeClient(server, port: 5001)
    #expect(other.allocate() == 0 && other.bind(0x4000, to: Self.peer) == 0)
    #expect(other.relayed(channelData(0x4000, data)).count == 1)
  }

  @Test func `what is beyond the bandwidth of all is dropped, whoever sends`() {
    let server = HandmadeClient.server { $0.maximumBytesPerSecondOfAll = 10_000 }
    var clients = (0..<4).map { HandmadeClient(server, port: 5000 + UInt16($0)) }
    let data = [UInt8](repeating: 7, count: 1000)
    var count = 0
    for index in clients.indices {
      #expect(clients[index].allocate() == 0 && clients[index].permit(Self.peer) == 0)
      for _ in 0..<5 { count += clients[index].send(data, to: Self.peer).count }
    }
    #expect((10...11).contains(count))
    #expect(server.statistics.sent.bytes == UInt64(count) * 1000)
  }

  @Test func `rows 23 and 32: Binding answers to a network are few, and to others not fewer`() {
    let server = HandmadeClient.server { $0.bindingsPerSecond = 10 }
    func answers(_ host: IPAddress, transport: Path.Transport = .udp) -> Int {
      var client = HandmadeClient(server, transport: transport, host: host)
      return (0..<100).count { _ in
        !client.exchange(client.request(.binding) { _, _ in }).isEmpty
      }
    }
    #expect((15...21).contains(answers(IPAddress(192, 0, 2, 9))))
    #expect(answers(IPAddress(192, 0, 2, 200)) == 0, "of the same /24")
    #expect((15...21).contains(answers(IPAddress(192, 0, 3, 9))))
    #expect((15...21).contains(answers(IPAddress(v6High: 0x2a00_0001_0002_0003, low: 1))))
    #expect(answers(IPAddress(v6High: 0x2a00_0001_0002_0003, low: 1 << 60)) == 0)
    #expect(answers(IPAddress(192, 0, 2, 9), transport: .tcp) == 100, "nobody forges a stream")
    #expect(server.statistics.bindings + server.statistics.unansweredBindings == 600)
    server.configuration.answersBinding = false
    #expect(answers(IPAddress(192, 0, 9, 9)) == 0)
  }

  @Test func `row 32: 100,000 sources leave nothing behind`() {
    let server = HandmadeClient.server()
    let outbox = Outbox()
    var events: [TURNServer.Event] = []
    let id = STUNTransactionID(high: 1, low: 1)
    let requests = [STUNMethod.binding, .allocate].map { method in
      [UInt8](capacity: 100) { output in
        output.beginSTUN(.request, id, method: method)
        output.finishSTUN(fingerprint: false)
      }
    }
    var largest = 0
    for number in 0..<100_000 as Range<UInt32> {
      let path = Path(
        local: TURNWorld.serverAddress,
        remote: TransportAddress(ip: IPAddress(v4: 0x0b00_0000 + number), port: 9))
      let request = requests[Int(number % 2)]
      server.receive(request.span, on: path, at: .zero, into: outbox, events: &events)
      largest = max(largest, outbox.datagrams.first?.count ?? 0)
      outbox.removeAll()
    }
    #expect(server.allocationCount == 0 && server.deadline == nil && events.isEmpty)
    #expect(largest <= 84)
    #expect(server.statistics.bindings > 0 && server.statistics.unansweredRequests > 0)
  }

  @Test func `row 41: who is sent away stays away, though the credentials still run`() {
    let secret = TURNSharedSecret("between us")
    let server = HandmadeClient.server {
      $0.authority = TURNAuthority(secrets: [secret])
    }
    server.setUnixTime(1_700_000_000, at: .zero)
    func client(_ name: String, port: UInt16) -> HandmadeClient {
      let credentials = secret.credentials(for: name, expiresAt: 1_700_003_600)
      var client = HandmadeClient(server, port: port)
      client.username = credentials.username
      client.password = credentials.password
      return client
    }
    var alice = client("alice", port: 5000)
    var bob = client("bob", port: 5001)
    #expect(alice.allocate() == 0 && bob.allocate() == 0)
    #expect(alice.permit(Self.peer) == 0)
    server.revoke(username: alice.username, at: .zero, events: &alice.events)
    #expect(alice.closedRelays.count == 1 && server.allocationCount == 1)
    #expect(alice.send([1], to: Self.peer).isEmpty)
    #expect(alice.refresh(lifetime: 600) == 401 && alice.allocate() == 401)
    var again = client("alice", port: 5002)
    #expect(again.allocate() == 401)
    #expect(bob.refresh(lifetime: 600) == 0)
    // One whose sockets were being opened gets none.
    var late = client("bob", port: 5003)
    late.opensRelays = false
    #expect(late.allocate() == nil)
    server.revoke(username: late.username, at: .zero, events: &late.events)
    guard case .openRelay(let id, _)? = late.events.first else { return }
    let address = TransportAddress(ip: TURNWorld.serverAddress.ip, port: 60_000)
    server.relayOpened(id, at: [address], now: .zero, into: late.outbox, events: &late.events)
    #expect(late.closedRelays.contains(address) && server.allocationCount == 0)
  }

  @Test func `users may hide their names where that is offered`() throws {
    let server = HandmadeClient.server {
      $0.offersSHA256 = true
      $0.acceptsUserHashes = true
    }
    var client = HandmadeClient(server)
    _ = client.code(client.request(.refresh) { _, _ in })
    #expect(client.nonce.starts(with: "obMatJos2AAAD".utf8))
    let key = client.key
    let nonce = client.nonce
    func allocate(_ name: String, id: UInt64) throws -> UInt16? {
      let id = STUNTransactionID(high: 1, low: id)
      let text = Array("\(name):relay".utf8)
      let hash = MessageDigest.sha256.hash(text.span)
      return client.code(
        [UInt8](capacity: 400) { output in
          output.beginSTUN(.request, id, method: .allocate)
          output.appendSTUNRequestedTransportUDP()
          output.appendSTUN(.userHash, hash.span)
          output.appendSTUN(.realm, "relay")
          output.appendSTUN(.nonce, nonce.span)
          output.finishSTUN(key: key)
        })
    }
    #expect(try allocate("nobody", id: 1) == 401)
    #expect(try allocate("other", id: 2) == 401, "with another's password")
    #expect(try allocate("user", id: 3) == 0)
    for case .allocated(_, let username, _, _) in client.events { #expect(username == "user") }
    server.configuration.authority.users["user"] = nil
    #expect(try allocate("user", id: 3) == 401)
  }

  @Test func `relayed addresses are counted by kind, and drops by reason`() {
    let server = HandmadeClient.server { $0.families = [.v4, .v6] }
    var client = HandmadeClient(server, transport: .tls)
    #expect(client.allocate { output, _ in output.appendSTUNAdditionalFamilyV6() } == 0)
    let kinds = [IPAddress.Family.v4, .v6].map {
      TURNServer.RelayKind(client: .tls, relay: .udp, family: $0)
    }
    #expect(kinds.map { server.statistics.relays[$0] } == [1, 1])
    #expect(client.send([1], to: Self.peer).isEmpty)
    #expect(client.permit(Self.peer) == 0 && client.send([], to: Self.peer).isEmpty)
    #expect(client.relayed(channelData(0x4000, [1])).isEmpty)
    #expect(client.refresh(lifetime: 0, family: .v4) == 0)
    #expect(client.send([1], to: Self.peer).isEmpty)
    #expect(kinds.map { server.statistics.relays[$0] } == [0, 1])
    #expect(kinds.map { server.statistics.relaysMade[$0] } == [1, 1])
    let drops = server.statistics.drops
    #expect(
      TURNServer.DropReason.allCases.map { drops[$0] } == [1, 1, 1, 0, 0, 1])
    #expect(server.statistics.allocations == 1)
  }
}
