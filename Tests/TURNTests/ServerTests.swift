import STUN
import TURN
import Testing
import Wire

/// The server against requests by hand (reliability rows 37–42).
struct ServerTests {
  private static let peer = TURNWorld.peerAddress

  @Test func `a first request is challenged with little more than it was`() throws {
    var client = HandmadeClient(HandmadeClient.server())
    let request = client.request(.allocate) { output, _ in
      output.appendSTUNRequestedTransportUDP()
    }
    let answer = try #require(client.exchange(request).first)
    let message = try STUNMessage(parsing: answer.span)
    #expect(try message.errorCode?.rawValue == 401)
    #expect(message.realm == "relay" && message.nonce?.count == 24)
    #expect(message.fingerprintCheck == .valid && answer.count <= 84)
  }

  @Test func `row 40: nonces are of one client and one hour, and challenges are few`() {
    let server = HandmadeClient.server { $0.challengesPerSecond = 10 }
    var client = HandmadeClient(server)
    #expect(client.allocate() == 0)
    let nonce = client.nonce
    var thief = HandmadeClient(server, port: 5001)
    thief.nonce = nonce
    #expect(thief.allocate() == 438)
    #expect(thief.allocate() == 0)
    for place in [0, 7, 8, 23] {
      client.nonce = nonce
      client.nonce[place] ^= 1
      #expect(client.refresh(lifetime: 600) == 438)
    }
    client.nonce = nonce
    client.now = .zero + .seconds(590)
    #expect(client.refresh(lifetime: 3600) == 0)
    client.now = .zero + .seconds(3601)
    #expect(client.refresh(lifetime: 600) == 438)
    #expect(client.refresh(lifetime: 600) == 0)
    // A flood of one network is answered 10 times a second, after 20 at once.
    var answered = 0
    for _ in 0..<100 {
      client.nonce = []
      answered +=
        client.exchange(
          client.request(.allocate) { output, _ in output.appendSTUNRequestedTransportUDP() }
        ).count
    }
    #expect((15...21).contains(answered))
    #expect(server.statistics.unansweredRequests >= 79)
  }

  @Test func `row 39: a user has four allocations and no more, whatever comes twice`() {
    let server = HandmadeClient.server()
    var clients = (0..<6).map { HandmadeClient(server, port: 5000 + UInt16($0)) }
    let codes = clients.indices.map { clients[$0].allocate(id: 99) }
    #expect(codes == [0, 0, 0, 0, 486, 486])
    // The same request again gets the same address; another one does not get a second.
    let relayed = clients[0].relayedAddress
    #expect(clients[0].allocate(id: 99) == 0 && clients[0].relayedAddress == relayed)
    #expect(clients[0].allocate(id: 100) == 437)
    #expect(server.allocationCount == 4)
    var other = HandmadeClient(server, port: 6000)
    other.username = "other"
    other.password = "word"
    #expect(other.allocate() == 0)
  }

  @Test func `row 39: places are reserved before sockets are opened`() {
    let server = HandmadeClient.server { $0.maximumAllocations = 5 }
    var clients = (0..<6).map { HandmadeClient(server, port: 5000 + UInt16($0)) }
    for index in clients.indices {
      clients[index].opensRelays = false
      let code = clients[index].allocate(id: 1)
      #expect(code == (index < 4 ? nil : 486))
      // The same again while the socket is being opened: no second place, no answer.
      if index < 4 { #expect(clients[index].allocate(id: 1) == nil) }
    }
    #expect(server.allocationCount == 4)
    var other = (0..<2).map { HandmadeClient(server, port: 6000 + UInt16($0)) }
    for index in other.indices {
      other[index].username = "other"
      other[index].password = "word"
    }
    #expect(other[0].allocate() == 0)
    #expect(other[1].allocate() == 508)
    // Sockets that never come are given up, and one that comes too late is closed again.
    var events: [TURNServer.Event] = []
    server.advance(to: .zero + .seconds(11), into: Outbox(), events: &events)
    #expect(server.allocationCount == 1)
    guard case .openRelay(let id, _)? = clients[0].events.first else {
      Issue.record("no wish for a socket")
      return
    }
    let late = TransportAddress(ip: TURNWorld.serverAddress.ip, port: 60_000)
    server.relayOpened(
      id, at: [late], now: .zero + .seconds(12), into: clients[0].outbox, events: &events)
    #expect(events.last == .closeRelay(id, late) && clients[0].outbox.isEmpty)
  }

  @Test func `an allocation is for UDP, of a family there is, and nothing we do not know`() {
    let server = HandmadeClient.server()
    var client = HandmadeClient(server)
    #expect(client.allocate { output, _ in output.appendSTUN(.evenPort) } == 400)
    for type in [STUNAttributeType.dontFragment, .userHash, .connectionID, .init(rawValue: 0x1b)] {
      #expect(client.allocate { output, _ in output.appendSTUN(type) } == 420)
    }
    #expect(client.code(client.request(.allocate) { _, _ in }) == 400)
    let tcp = client.request(.allocate) { output, _ in
      output.appendSTUN(.requestedTransport, UInt32(6) << 24)
    }
    #expect(client.code(tcp) == 442)
    #expect(client.allocate { output, _ in output.appendSTUN(requestedFamily: .v6) } == 440)
    let odd = client.allocate { output, _ in
      output.appendSTUN(.requestedAddressFamily, UInt32(9) << 24)
    }
    #expect(odd == 440)
    #expect(client.allocate { output, _ in output.appendSTUN(.lifetime) } == 400)
    #expect(client.allocate { output, _ in output.appendSTUN(.software, "test") } == 0)
    var even = HandmadeClient(server, port: 5001)
    let code = even.allocate { output, _ in
      output.appendSTUN(.evenPort, ([0] as [UInt8]).span)
    }
    #expect(code == 0)
    #expect(
      even.events.contains {
        if case .openRelay(_, let wish) = $0 { wish.port == .even } else { false }
      })
  }

  @Test func `lifetimes stay within their bounds, and what is not refreshed ends`() {
    let server = HandmadeClient.server()
    var client = HandmadeClient(server)
    #expect(client.allocate { output, _ in output.appendSTUN(.lifetime, 5 as UInt32) } == 0)
    var events: [TURNServer.Event] = []
    server.advance(to: .zero + .seconds(599), into: Outbox(), events: &events)
    #expect(server.allocationCount == 1)
    client.now = .zero + .seconds(599)
    #expect(client.refresh(lifetime: .max) == 0)
    server.advance(to: .zero + .seconds(599 + 3599), into: Outbox(), events: &events)
    #expect(server.allocationCount == 1 && events.isEmpty)
    server.advance(to: .zero + .seconds(599 + 3601), into: Outbox(), events: &events)
    #expect(server.allocationCount == 0 && events.count == 1 && server.deadline == nil)
    client.now = .zero + .seconds(599 + 3602)
    _ = client.refresh(lifetime: 0)
    #expect(client.refresh(lifetime: 0) == 437)
  }

  @Test func `row 42: nothing of an allocation is anyone else's`() {
    let server = HandmadeClient.server()
    var owner = HandmadeClient(server)
    #expect(owner.allocate() == 0)
    var stranger = HandmadeClient(server, port: 5001)
    #expect(stranger.refresh(lifetime: 0) == 401)
    #expect(stranger.refresh(lifetime: 0) == 437)
    #expect(stranger.permit(Self.peer) == 437 && stranger.bind(0x4000, to: Self.peer) == 437)
    // Another user on the same five-tuple.
    owner.username = "other"
    owner.password = "word"
    #expect(owner.refresh(lifetime: 0) == 441)
    #expect(owner.permit(Self.peer) == 441 && owner.bind(0x4000, to: Self.peer) == 441)
    #expect(server.allocationCount == 1)
  }

  @Test func `row 42: channels have their numbers, and one peer each`() {
    var client = HandmadeClient(HandmadeClient.server())
    #expect(client.allocate() == 0)
    for number in [0, 0x3fff, 0x5000, 0x7fff, 0xffff] as [UInt16] {
      #expect(client.bind(number, to: Self.peer) == 400)
    }
    #expect(client.bind(0x4000, to: Self.peer) == 0)
    #expect(client.bind(0x4000, to: Self.peer) == 0)
    let other = TransportAddress(ip: Self.peer.ip, port: 7001)
    #expect(client.bind(0x4000, to: other) == 400)
    #expect(client.bind(0x4001, to: Self.peer) == 400)
    #expect(client.bind(0x4fff, to: other) == 0)
    // Once it has run out, a number may serve another peer.
    client.now = .zero + .seconds(599)
    #expect(client.refresh(lifetime: 3600) == 0)
    client.now = .zero + .seconds(601)
    #expect(client.relayed(channelData(0x4000, [1])).isEmpty)
    #expect(client.bind(0x4000, to: other) == 0)
    #expect(client.bind(0x4001, to: Self.peer) == 0)
  }

  @Test func `row 42: data without permission, channel or allocation goes nowhere`() {
    let server = HandmadeClient.server()
    var client = HandmadeClient(server)
    #expect(client.send([1], to: Self.peer).isEmpty)
    #expect(client.relayed(channelData(0x4000, [1])).isEmpty)
    #expect(client.allocate() == 0)
    #expect(client.send([1], to: Self.peer).isEmpty)
    #expect(client.permit(Self.peer) == 0)
    #expect(client.send([1], to: Self.peer).map(\.1) == [[1]])
    #expect(client.relayed(channelData(0x4000, [1])).isEmpty)
    #expect(client.bind(0x4000, to: Self.peer) == 0)
    #expect(client.relayed(channelData(0x4000, [1])).map(\.1) == [[1]])
    // Padding is not data, and a length that is a lie is no message.
    #expect(client.relayed(channelData(0x4000, [1, 0, 0, 0], length: 1)).map(\.1) == [[1]])
    #expect(client.relayed(channelData(0x4000, [1], length: 2)).isEmpty)
    #expect(client.relayed(channelData(0x4000, [], length: 65_535)).isEmpty)
    #expect(client.relayed(channelData(0x4000, [])).isEmpty)
    // A permission lasts five minutes.
    client.now = .zero + .seconds(301)
    #expect(client.send([1], to: Self.peer).isEmpty)
    #expect(server.statistics.sent.datagrams == 3)
  }

  @Test func `what peers send comes only from permitted hosts, by channel where there is one`()
    throws
  {
    let server = HandmadeClient.server()
    var client = HandmadeClient(server)
    #expect(client.allocate() == 0)
    let relayed = try #require(client.relayedAddress)
    func fromPeer(_ peer: TransportAddress = Self.peer) -> [[UInt8]] {
      let outbox = Outbox()
      let data: [UInt8] = [9, 8, 7]
      server.receiveRelayed(
        data.span, at: relayed, from: peer, at: client.now, into: outbox)
      return outbox.datagrams.map { outbox.bytes(of: $0) }
    }
    #expect(fromPeer().isEmpty)
    #expect(client.permit(Self.peer) == 0)
    let indication = try #require(fromPeer().first)
    let message = try STUNMessage(parsing: indication.span)
    #expect(message.method == .data && message.messageClass == .indication)
    #expect(try message.xorPeerAddress == Self.peer)
    #expect(message.valueRange(of: .data).map { Array(indication[$0]) } == [9, 8, 7])
    #expect(client.bind(0x4abc, to: Self.peer) == 0)
    #expect(fromPeer() == [channelData(0x4abc, [9, 8, 7])])
    // Another port of the host is permitted, and has no channel.
    #expect(fromPeer(TransportAddress(ip: Self.peer.ip, port: 1)).first?[0] == 0)
    #expect(fromPeer(TransportAddress(ip: IPAddress(8, 8, 8, 8), port: 1)).isEmpty)
    client.now = .zero + .seconds(301)
    #expect(fromPeer().isEmpty)
    let outbox = Outbox()
    server.receiveRelayed(
      [1].span, at: Self.peer, from: Self.peer, at: client.now, into: outbox)
    #expect(outbox.isEmpty)
  }

  @Test func `an ICMP message reaches the client`() throws {
    let server = HandmadeClient.server()
    let outbox = Outbox()
    var client = HandmadeClient(server)
    #expect(client.allocate() == 0 && client.permit(Self.peer) == 0)
    let error = STUNICMPError(type: 3, code: 4)
    server.relayFailed(
      error, at: try #require(client.relayedAddress), to: Self.peer, at: .zero, into: outbox)
    let bytes = try #require(outbox.datagrams.first.map { outbox.bytes(of: $0) })
    let message = try STUNMessage(parsing: bytes.span)
    #expect(try message.icmp == error)
    #expect(try message.xorPeerAddress == Self.peer)
  }

  @Test func `a permission is for all of its peers or none, and they are bounded`() {
    let server = HandmadeClient.server {
      $0.maximumPermissions = 3
      $0.maximumChannels = 2
      $0.peers.denied = [IPAddressRange("10.0.0.0/8")].compactMap(\.self)
    }
    var client = HandmadeClient(server)
    #expect(client.allocate() == 0)
    func host(_ number: UInt8) -> TransportAddress {
      TransportAddress(ip: IPAddress(203, 0, 113, number), port: 5)
    }
    let denied = TransportAddress(ip: IPAddress(10, 1, 2, 3), port: 5)
    #expect(client.permit(host(1), denied) == 403)
    #expect(client.send([1], to: host(1)).isEmpty)
    #expect(client.permit() == 400)
    #expect(client.permit(host(1), TURNWorld.peerAddressV6) == 443)
    #expect(client.permit(host(1), host(2), host(1)) == 0)
    #expect(client.permit(host(2), host(3)) == 0)
    #expect(client.permit(host(4)) == 508 && client.bind(0x4000, to: host(4)) == 508)
    #expect(client.bind(0x4000, to: host(1)) == 0 && client.bind(0x4001, to: host(2)) == 0)
    #expect(client.bind(0x4002, to: host(3)) == 508)
  }

  @Test func `a request without what makes it whole is refused`() {
    let server = HandmadeClient.server()
    var client = HandmadeClient(server)
    #expect(client.allocate() == 0)
    let key = client.key
    for missing in [STUNAttributeType.username, .realm, .nonce] {
      let id = STUNTransactionID(high: 1, low: 1)
      let bytes = [UInt8](capacity: 300) { output in
        output.beginSTUN(.request, id, method: .refresh)
        if missing != .username { output.appendSTUN(.username, "user") }
        if missing != .realm { output.appendSTUN(.realm, "relay") }
        if missing != .nonce { output.appendSTUN(.nonce, client.nonce.span) }
        output.finishSTUN(key: key)
      }
      #expect(client.code(bytes) == 400)
    }
    let unasked = client.request(.refresh) { output, _ in
      output.appendSTUN(passwordAlgorithms: [.sha256, .md5])
      output.appendSTUN(passwordAlgorithm: .sha256)
    }
    #expect(client.code(unasked) == 400)
    #expect(server.allocationCount == 1)
  }

  @Test func `every truncation and every flipped byte of a request is harmless`() {
    let server = HandmadeClient.server { $0.challengesPerSecond = 1_000_000 }
    var client = HandmadeClient(server)
    #expect(client.allocate() == 0)
    let nonce = client.nonce
    let requests = [
      client.request(.refresh) { output, _ in output.appendSTUN(.lifetime, 0 as UInt32) },
      client.request(.createPermission) { output, id in
        output.appendSTUN(.xorPeerAddress, xor: Self.peer, id)
      },
      client.request(.channelBind) { output, id in
        output.appendSTUN(channelNumber: 0x4000)
        output.appendSTUN(.xorPeerAddress, xor: Self.peer, id)
      },
    ]
    for request in requests {
      for count in 0..<request.count { #expect(client.exchange(Array(request[..<count])).isEmpty) }
      // What follows the code is ignored, save a FINGERPRINT that does not match.
      for place in request.indices.dropLast(8) {
        var damaged = request
        damaged[place] ^= 0x41
        client.nonce = nonce
        if let code = client.code(damaged) { #expect(code != 0) }
      }
    }
    #expect(server.allocationCount == 1)
    #expect(client.send([1], to: Self.peer).isEmpty)
    #expect(client.relayed(channelData(0x4000, [1])).isEmpty)
  }

  @Test func `Binding requests are answered, and nothing else without credentials`() throws {
    let server = HandmadeClient.server()
    var client = HandmadeClient(server)
    let answer = try #require(client.exchange(client.request(.binding) { _, _ in }).first)
    let message = try STUNMessage(parsing: answer.span)
    #expect(try message.xorMappedAddress == client.path.remote)
    for bytes in [[], [0xff], [0x00], [0x40], [0x40, 0, 0], [UInt8](repeating: 0, count: 100)] {
      #expect(client.exchange(bytes).isEmpty)
    }
    for method in [STUNMethod.send, .data, STUNMethod(rawValue: 0x00a)] {
      #expect(client.exchange(client.request(method) { _, _ in }).isEmpty)
    }
    #expect(server.statistics.malformedDatagrams >= 8)
    #expect(server.deadline == nil && client.events.isEmpty)
  }
}
