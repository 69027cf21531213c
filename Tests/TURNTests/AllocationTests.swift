import STUN
import TURN
import Testing
import Wire

/// What an Allocate request may ask for, by hand (RFC 8656 §7.2).
struct AllocationTests {
  private typealias Write = @Sendable (inout OutputSpan<UInt8>, STUNTransactionID) -> Void
  private static let peer = TURNWorld.peerAddress
  private static let peerV6 = TURNWorld.peerAddressV6

  private static let both: Write = { output, _ in output.appendSTUNAdditionalFamilyV6() }
  private static let evenAndNext: Write = { output, _ in
    output.appendSTUN(evenPortReservingNext: true)
  }

  private static func server(
    _ configure: (inout TURNServer.Configuration) -> Void = { _ in }
  ) -> TURNServer {
    HandmadeClient.server {
      $0.families = [.v4, .v6]
      configure(&$0)
    }
  }

  /// The last answer of an allocation that is asked for.
  private static func answer(
    _ client: inout HandmadeClient, id: UInt64, _ write: @escaping Write
  ) -> [UInt8] {
    if client.nonce.isEmpty { _ = client.code(client.request(.refresh) { _, _ in }) }
    let request = client.request(.allocate, id: id) { output, id in
      output.appendSTUNRequestedTransportUDP()
      write(&output, id)
    }
    return client.exchange(request).first ?? []
  }

  private static func token(_ answer: [UInt8]) throws -> UInt64? {
    try STUNMessage(parsing: answer.span).reservationToken
  }

  // MARK: Both families

  @Test func `both families are given in one allocation, and serve their peers`() throws {
    let server = Self.server()
    var client = HandmadeClient(server)
    let answer = Self.answer(&client, id: 5, Self.both)
    let message = try STUNMessage(parsing: answer.span)
    let relayed = try message.xorRelayedAddresses
    #expect(relayed == client.relayedAddresses && relayed.map(\.ip.family) == [.v4, .v6])
    #expect(try message.addressError == nil)
    #expect(server.allocationCount == 1)
    #expect(client.permit(Self.peer, Self.peerV6) == 0)
    #expect(client.send([1], to: Self.peer).map(\.0.local) == [relayed[0]])
    #expect(client.send([2], to: Self.peerV6).map(\.0.local) == [relayed[1]])
    #expect(client.bind(0x4000, to: Self.peer) == 0 && client.bind(0x4001, to: Self.peerV6) == 0)
    #expect(client.relayed(channelData(0x4001, [3])).map(\.0.local) == [relayed[1]])
    #expect(client.receive([4], at: relayed[1], from: Self.peerV6) == [channelData(0x4001, [4])])
    #expect(client.receive([5], at: relayed[0], from: Self.peer) == [channelData(0x4000, [5])])
    // The same request again gets both again.
    let again = Self.answer(&client, id: 5, Self.both)
    #expect(try STUNMessage(parsing: again.span).xorRelayedAddresses == relayed)
    #expect(server.allocationCount == 1)
  }

  @Test func `a family that cannot be had is told beside the one that can`() throws {
    for (configured, missing, family, code) in [
      ([.v4], [], .v6, 440), ([.v6], [], .v4, 440), ([.v4, .v6], [.v6], .v6, 508),
      ([.v4, .v6], [.v4], .v4, 508),
    ] as [(Set<IPAddress.Family>, Set<IPAddress.Family>, IPAddress.Family, UInt16)] {
      var client = HandmadeClient(Self.server { $0.families = configured })
      client.missingFamilies = missing
      for _ in 0..<2 {
        let answer = Self.answer(&client, id: 7, Self.both)
        let message = try STUNMessage(parsing: answer.span)
        #expect(message.messageClass == .success)
        let error = try #require(try message.addressError)
        #expect(error.family == family && error.code.rawValue == code)
        #expect(try message.xorRelayedAddresses.count == 1)
        #expect(try message.xorRelayedAddress?.ip.family != family)
      }
    }
    var client = HandmadeClient(Self.server())
    client.missingFamilies = [.v4, .v6]
    #expect(client.allocate(Self.both) == 508)
    #expect(client.server.allocationCount == 0)
  }

  @Test func `each family has its own time, and ends by itself`() throws {
    let server = Self.server()
    var client = HandmadeClient(server)
    #expect(client.allocate(Self.both) == 0)
    let relayed = client.relayedAddresses
    #expect(client.bind(0x4000, to: Self.peer) == 0 && client.bind(0x4001, to: Self.peerV6) == 0)
    // Only IPv6 is kept beyond its first ten minutes.
    client.now = .zero + .seconds(500)
    #expect(client.refresh(lifetime: 600, family: .v6) == 0)
    client.now = .zero + .seconds(599)
    #expect(client.bind(0x4000, to: Self.peer) == 0 && client.bind(0x4001, to: Self.peerV6) == 0)
    client.now = .zero + .seconds(601)
    #expect(client.relayed(channelData(0x4000, [1])).isEmpty)
    #expect(client.relayed(channelData(0x4001, [1])).count == 1)
    #expect(client.refresh(lifetime: 600, family: .v4) == 443)
    _ = client.advance(to: .zero + .seconds(602))
    #expect(client.closedRelays == [relayed[0]] && server.allocationCount == 1)
    #expect(client.permit(Self.peer) == 443 && client.bind(0x4000, to: Self.peer) == 443)
    // Without a family it is for what there is, and the last one ends it all.
    #expect(client.refresh(lifetime: 1200) == 0)
    #expect(client.refresh(lifetime: 0, family: .v6) == 0)
    #expect(client.closedRelays == relayed && server.allocationCount == 0)
    #expect(client.refresh(lifetime: 600) == 437)
  }

  @Test func `one refresh keeps or ends both`() {
    let server = Self.server()
    var client = HandmadeClient(server)
    #expect(client.allocate(Self.both) == 0)
    client.now = .zero + .seconds(500)
    #expect(client.refresh(lifetime: 600) == 0)
    _ = client.advance(to: .zero + .seconds(1099))
    #expect(client.closedRelays.isEmpty)
    #expect(client.refresh(lifetime: 0) == 0)
    #expect(client.closedRelays.count == 2 && server.allocationCount == 0)
  }

  // MARK: Pairs of ports

  @Test func `an even port comes with the next, which is kept for who has the token`() throws {
    let server = Self.server()
    var client = HandmadeClient(server)
    let answer = Self.answer(&client, id: 3, Self.evenAndNext)
    let even = try #require(client.relayedAddress)
    #expect(even.port % 2 == 0 && server.reservationCount == 1)
    let token = try #require(try Self.token(answer))
    #expect(try Self.token(Self.answer(&client, id: 3, Self.evenAndNext)) == token)
    // It is nobody's yet, and no peer either.
    let next = TransportAddress(ip: even.ip, port: even.port + 1)
    #expect(client.permit(next) == 0 && client.send([1], to: next).isEmpty)
    #expect(client.bind(0x4000, to: next) == 403)
    var second = HandmadeClient(server, port: 5001)
    #expect(second.allocate { output, _ in output.appendSTUN(.reservationToken, token) } == 0)
    #expect(second.relayedAddress == next && server.reservationCount == 0)
    #expect(second.events.count == 1, "no socket is opened for it")
    // A token is good once.
    var third = HandmadeClient(server, port: 5002)
    #expect(third.allocate { output, _ in output.appendSTUN(.reservationToken, token) } == 508)
    #expect(second.refresh(lifetime: 0) == 0)
    #expect(second.closedRelays == [next] && client.closedRelays.isEmpty)
  }

  @Test func `a kept port is given up after 30 seconds, and is nobody else's`() throws {
    let server = Self.server()
    var client = HandmadeClient(server)
    let token = try #require(try Self.token(Self.answer(&client, id: 3, Self.evenAndNext)))
    let next = try #require(client.relayedAddress).port + 1
    var other = HandmadeClient(server, port: 5001)
    other.username = "other"
    other.password = "word"
    #expect(other.allocate { output, _ in output.appendSTUN(.reservationToken, token) } == 508)
    #expect(other.allocate { output, _ in output.appendSTUN(.reservationToken, token ^ 1) } == 508)
    _ = client.advance(to: .zero + .seconds(29))
    #expect(server.reservationCount == 1)
    var late = HandmadeClient(server, port: 5002)
    late.now = .zero + .seconds(30)
    #expect(late.allocate { output, _ in output.appendSTUN(.reservationToken, token) } == 508)
    _ = client.advance(to: .zero + .seconds(31))
    #expect(client.closedRelays.map(\.port) == [next] && server.reservationCount == 0)
  }

  @Test func `a kept port outlives the allocation it came with, and counts like one`() throws {
    let server = Self.server { $0.maximumAllocationsPerUser = 3 }
    var client = HandmadeClient(server)
    _ = Self.answer(&client, id: 3, Self.evenAndNext)
    #expect(client.refresh(lifetime: 0) == 0)
    #expect(server.allocationCount == 0 && server.reservationCount == 1)
    #expect(server.deadline != nil)
    var others = (1...3).map { HandmadeClient(server, port: 5000 + UInt16($0)) }
    #expect(others.indices.map { others[$0].allocate() } == [0, 0, 486])
    #expect(client.allocate(Self.evenAndNext) == 486)
    _ = client.advance(to: .zero + .seconds(31))
    #expect(others[2].allocate() == 0)
  }

  @Test func `sockets that make no pair serve nothing and are closed`() {
    let server = Self.server()
    let wrong: [[UInt16]] = [[], [50_000], [50_001, 50_002], [50_000, 50_002], [50_000, 49_999]]
    for ports in wrong {
      var client = HandmadeClient(server)
      client.opensRelays = false
      #expect(client.allocate(Self.evenAndNext) == nil)
      guard case .openRelay(let id, let wish)? = client.events.last else {
        Issue.record("no wish")
        return
      }
      #expect(wish.port == .evenAndNext && wish.families == [.v4])
      let addresses = ports.map { TransportAddress(ip: TURNWorld.serverAddress.ip, port: $0) }
      server.relayOpened(
        id, at: addresses, now: .zero, into: client.outbox, events: &client.events)
      #expect(client.closedRelays == addresses && server.allocationCount == 0)
      #expect(client.outbox.datagrams.count == 1)
      client.outbox.removeAll()
    }
    #expect(server.statistics.refusals[508] == 5)
  }

  // MARK: What excludes what

  private static let families: Write = { output, _ in output.appendSTUN(requestedFamily: .v6) }
  private static let even: Write = { output, _ in output.appendSTUN(evenPortReservingNext: false) }
  private static let token: Write = { output, _ in
    output.appendSTUN(.reservationToken, 7 as UInt64)
  }

  @Test func `attributes that exclude each other are refused`() {
    let server = Self.server()
    let table: [([Write], UInt16)] = [
      ([Self.token, Self.even], 400), ([Self.token, Self.evenAndNext], 400),
      ([Self.token, Self.families], 400), ([Self.token, Self.both], 400),
      ([Self.families, Self.both], 400), ([Self.evenAndNext, Self.both], 400),
      ([{ output, _ in output.appendSTUN(.additionalAddressFamily, UInt32(1) << 24) }], 400),
      ([{ output, _ in output.appendSTUN(.additionalAddressFamily) }], 400),
      ([{ output, _ in output.appendSTUN(.reservationToken, 7 as UInt32) }], 400),
      ([Self.token], 508), ([Self.even, Self.families], 0), ([Self.even, Self.both], 0),
    ]
    for (index, (writes, expected)) in table.enumerated() {
      var client = HandmadeClient(server, port: 5000 + UInt16(index))
      let code = client.allocate { output, id in for write in writes { write(&output, id) } }
      #expect(code == expected, "row \(index)")
      if expected == 0 { #expect(client.relayedAddresses.allSatisfy { $0.port % 2 == 0 }) }
    }
  }

  @Test func `without IPv4 nobody gets it by saying nothing`() {
    let server = Self.server { $0.families = [.v6] }
    var client = HandmadeClient(server)
    #expect(client.allocate() == 440)
    #expect(client.allocate(Self.families) == 0)
  }

  // MARK: Fragments

  @Test func `what must not be fragmented is told to the owner, who may not be able to`() {
    let server = Self.server()
    var client = HandmadeClient(server)
    #expect(client.allocate { output, _ in output.appendSTUN(.dontFragment) } == 420)
    #expect(client.allocate() == 0 && client.permit(Self.peer) == 0)
    #expect(client.send([1], to: Self.peer, forbidsFragmentation: true).isEmpty)
    #expect(server.statistics.drops[.unsendable] == 1)
    server.configuration.canForbidFragmentation = true
    #expect(client.refresh(lifetime: 0) == 0)
    #expect(client.allocate { output, _ in output.appendSTUN(.dontFragment) } == 0)
    #expect(client.permit(Self.peer) == 0)
    client.events.removeAll()
    #expect(client.send([1], to: Self.peer).count == 1 && client.events.isEmpty)
    #expect(client.send([1], to: Self.peer, forbidsFragmentation: true).count == 1)
    #expect(client.events == [.forbidFragmentation(datagram: 0)])
  }

  // MARK: Races

  @Test func `an Allocate repeated while sockets open has one answer, with both addresses`() throws
  {
    let server = Self.server()
    var client = HandmadeClient(server)
    client.opensRelays = false
    for _ in 0..<3 { #expect(client.allocate(id: 9, Self.both) == nil) }
    #expect(client.allocate(id: 10, Self.both) == 437)
    #expect(server.allocationCount == 1 && client.events.count == 1)
    guard case .openRelay(let id, _)? = client.events.first else { return }
    let addresses = [
      TransportAddress(ip: TURNWorld.relayV6, port: 9000),
      TransportAddress(ip: TURNWorld.serverAddress.ip, port: 9001),
    ]
    server.relayOpened(id, at: addresses, now: .zero, into: client.outbox, events: &client.events)
    #expect(client.outbox.datagrams.count == 1)
    client.outbox.removeAll()
    // Told twice, the second sockets are nobody's.
    server.relayOpened(id, at: addresses, now: .zero, into: client.outbox, events: &client.events)
    #expect(client.closedRelays == addresses && client.outbox.isEmpty)
    #expect(client.allocate(id: 9, Self.both) == 0 && server.allocationCount == 1)
  }
}
