import STUN
import TURN
import Testing
import Wire

/// TCP allocations (RFC 6062), by hand.
struct ConnectionTests {
  private static let peer = TURNWorld.peerAddress

  private static func server(
    _ configure: (inout TURNServer.Configuration) -> Void = { _ in }
  ) -> TURNServer {
    HandmadeClient.server {
      $0.families = [.v4, .v6]
      $0.relaysTCP = true
      configure(&$0)
    }
  }

  private static func connectionID(_ bytes: [UInt8]?) throws -> UInt32? {
    let bytes = try #require(bytes)
    return try STUNMessage(parsing: bytes.span).connectionID
  }

  @Test func `a TCP allocation is for streams, and for what streams can do`() {
    let server = Self.server { $0.canForbidFragmentation = true }
    var datagrams = HandmadeClient(server)
    #expect(datagrams.allocateTCP() == 400)
    var client = HandmadeClient(server, transport: .tcp)
    #expect(client.allocateTCP { output, _ in output.appendSTUN(.dontFragment) } == 400)
    #expect(
      client.allocateTCP { output, _ in output.appendSTUN(evenPortReservingNext: false) } == 400)
    #expect(
      client.allocateTCP { output, _ in output.appendSTUN(.reservationToken, 1 as UInt64) } == 400)
    #expect(client.allocateTCP() == 0)
    guard case .openRelay(_, let wish)? = client.events.first else {
      Issue.record("no wish")
      return
    }
    #expect(wish.transport == .tcp && wish.families == [.v4])
    // Datagrams have no place here.
    #expect(client.permit(Self.peer) == 0 && client.bind(0x4000, to: Self.peer) == 403)
    #expect(client.send([1], to: Self.peer).isEmpty)
    var tls = HandmadeClient(server, port: 5001, transport: .tls)
    #expect(tls.allocateTCP() == 0)
    let kind = TURNServer.RelayKind(client: .tls, relay: .tcp, family: .v4)
    #expect(server.statistics.relays[kind] == 1 && server.statistics.relaysMade[kind] == 1)
    // Nor are connections of an allocation for datagrams.
    var other = HandmadeClient(server, port: 5002, transport: .tcp)
    #expect(other.connect(to: Self.peer) == 401 && other.connect(to: Self.peer) == 437)
    #expect(other.allocate() == 0 && other.connect(to: Self.peer) == 403)
  }

  @Test func `a client connects, binds, and the owner joins`() throws {
    let server = Self.server()
    var client = HandmadeClient(server, transport: .tcp)
    #expect(client.allocateTCP() == 0)
    #expect(client.connect(to: Self.peer) == nil)
    let id = try #require(client.wantedConnection)
    #expect(
      client.events.last
        == .openPeerConnection(
          id, from: try #require(client.relayedAddress), to: Self.peer))
    #expect(client.connect(to: Self.peer) == 446)
    #expect(try Self.connectionID(client.finishConnecting(succeeds: true).first) == id.rawValue)
    #expect(client.connect(to: Self.peer) == 446)
    var data = HandmadeClient(server, port: 5001, transport: .tcp)
    #expect(data.bindConnection(id.rawValue) == 0)
    #expect(data.events.last == .joinConnection(id, client: data.path))
    #expect(client.connect(to: Self.peer) == 446)
    // It has had its turn.
    var again = HandmadeClient(server, port: 5002, transport: .tcp)
    #expect(again.bindConnection(id.rawValue) == 400)
    #expect(server.statistics.connections == 1 && server.connectionCount == 1)
    // A joined connection has no end but its own.
    _ = client.advance(to: .zero + .seconds(400))
    #expect(client.closedConnections.isEmpty)
    server.peerConnectionClosed(id)
    #expect(server.connectionCount == 0 && client.connect(to: Self.peer) == nil)
  }

  @Test func `a peer that is permitted may connect, and the client is asked`() throws {
    let server = Self.server { $0.maximumConnections = 2 }
    var client = HandmadeClient(server, transport: .tcp)
    #expect(client.allocateTCP() == 0)
    let relayed = try #require(client.relayedAddress)
    #expect(client.accept(from: Self.peer, at: relayed).0 == nil)
    #expect(server.statistics.drops[.withoutPermission] == 1)
    #expect(client.permit(Self.peer) == 0)
    let (id, messages) = client.accept(from: Self.peer, at: relayed)
    let indication = try #require(messages.first)
    let message = try STUNMessage(parsing: indication.span)
    #expect(message.method == .connectionAttempt && message.messageClass == .indication)
    #expect(try message.xorPeerAddress == Self.peer)
    #expect(try message.connectionID == id?.rawValue)
    #expect(client.connect(to: Self.peer) == 446)
    // Nowhere else, and no more than are allowed.
    #expect(client.accept(from: Self.peer, at: Self.peer).0 == nil)
    let second = TransportAddress(ip: Self.peer.ip, port: 7001)
    #expect(client.accept(from: second, at: relayed).0 != nil)
    let third = TransportAddress(ip: Self.peer.ip, port: 7002)
    #expect(client.accept(from: third, at: relayed).0 == nil)
    #expect(client.connect(to: third) == 508)
    // Nobody comes for them.
    _ = client.advance(to: .zero + .seconds(29))
    #expect(server.connectionCount == 2)
    _ = client.advance(to: .zero + .seconds(31))
    #expect(server.connectionCount == 0 && client.closedConnections.count == 2)
    client.now = .zero + .seconds(301)
    #expect(client.accept(from: Self.peer, at: relayed).0 == nil)
  }

  @Test func `a peer that cannot be reached is 447, also if nobody ever says so`() throws {
    let server = Self.server()
    var client = HandmadeClient(server, transport: .tcp)
    #expect(client.allocateTCP() == 0)
    #expect(client.connect(to: Self.peer) == nil)
    func code(_ bytes: [UInt8]?) throws -> UInt16? {
      let bytes = try #require(bytes)
      return try STUNMessage(parsing: bytes.span).errorCode?.rawValue
    }
    #expect(try code(client.finishConnecting(succeeds: false).first) == 447)
    #expect(server.connectionCount == 0)
    #expect(client.connect(to: Self.peer) == nil)
    let id = try #require(client.wantedConnection)
    #expect(client.advance(to: .zero + .seconds(29)).isEmpty)
    #expect(try code(client.advance(to: .zero + .seconds(31)).first) == 447)
    #expect(client.closedConnections == [id])
    // A success that comes too late is closed again, a failure needs nothing.
    #expect(client.finishConnecting(succeeds: true).isEmpty)
    #expect(client.closedConnections == [id, id])
    #expect(client.finishConnecting(succeeds: false).isEmpty)
    #expect(client.closedConnections == [id, id])
  }

  @Test func `a ConnectionBind is for a stream of the same user, and a connection that waits`()
    throws
  {
    let server = Self.server()
    var client = HandmadeClient(server, transport: .tcp)
    #expect(client.allocateTCP() == 0 && client.connect(to: Self.peer) == nil)
    let id = try #require(client.wantedConnection)
    var data = HandmadeClient(server, port: 5001, transport: .tcp)
    #expect(data.bindConnection(id.rawValue) == 400, "it is not there yet")
    _ = client.finishConnecting(succeeds: true)
    #expect(data.bindConnection(id.rawValue ^ 1) == 400)
    #expect(data.code(data.request(.connectionBind) { _, _ in }) == 400)
    #expect(client.bindConnection(id.rawValue) == 400, "the control connection")
    var datagrams = HandmadeClient(server, port: 5002)
    #expect(datagrams.bindConnection(id.rawValue) == 400)
    var other = HandmadeClient(server, port: 5003, transport: .tcp)
    other.username = "other"
    other.password = "word"
    #expect(other.bindConnection(id.rawValue) == 441)
    data.now = .zero + .seconds(31)
    #expect(data.bindConnection(id.rawValue) == 400, "too late")
    data.now = .zero
    #expect(data.bindConnection(id.rawValue) == 0)
    // What carries a peer's bytes is no control connection.
    #expect(data.allocateTCP() == 437)
    var events: [TURNServer.Event] = []
    server.connectionClosed(data.path, events: &events)
    #expect(events == [.closePeerConnection(id)] && server.connectionCount == 0)
  }

  @Test func `with the allocation all of its connections end`() throws {
    for way in 0..<4 {
      let server = Self.server()
      var client = HandmadeClient(server, transport: .tcp)
      #expect(client.allocateTCP() == 0 && client.connect(to: Self.peer) == nil)
      let id = try #require(client.wantedConnection)
      _ = client.finishConnecting(succeeds: true)
      var data = HandmadeClient(server, port: 5001, transport: .tcp)
      #expect(data.bindConnection(id.rawValue) == 0)
      let second = TransportAddress(ip: Self.peer.ip, port: 7001)
      #expect(client.connect(to: second) == nil)
      switch way {
      case 0: #expect(client.refresh(lifetime: 0) == 0)
      case 1: server.connectionClosed(client.path, events: &client.events)
      case 2: server.revoke(username: "user", at: .zero, events: &client.events)
      default: _ = client.advance(to: .zero + .seconds(601))
      }
      #expect(Set(client.closedConnections).contains(id) && client.closedConnections.count == 2)
      #expect(client.closedRelays.count == 1)
      #expect(server.connectionCount == 0 && server.allocationCount == 0 && server.deadline == nil)
      var events: [TURNServer.Event] = []
      server.connectionClosed(data.path, events: &events)
      #expect(events.isEmpty)
    }
  }

  @Test func `a connection to another family needs an address of it`() {
    let server = Self.server()
    var client = HandmadeClient(server, transport: .tcp)
    #expect(client.allocateTCP() == 0)
    #expect(client.connect(to: TURNWorld.peerAddressV6) == 443)
    #expect(client.code(client.request(.connect) { _, _ in }) == 400)
    let listener = TURNWorld.serverAddress
    #expect(client.connect(to: listener) == 403)
    #expect(client.connect(to: client.relayedAddress ?? listener) == 403)
    var both = HandmadeClient(server, port: 5001, transport: .tcp)
    #expect(both.allocateTCP { output, _ in output.appendSTUNAdditionalFamilyV6() } == 0)
    #expect(both.connect(to: TURNWorld.peerAddressV6) == nil && both.connect(to: Self.peer) == nil)
    #expect(both.refresh(lifetime: 0, family: .v6) == 0)
    #expect(server.connectionCount == 1 && both.closedRelays.count == 1)
  }

  @Test func `what joined connections carry is counted and kept to the bandwidth`() throws {
    let server = Self.server { $0.maximumBytesPerSecond = 1000 }
    var client = HandmadeClient(server, transport: .tcp)
    #expect(client.allocateTCP() == 0 && client.connect(to: Self.peer) == nil)
    let id = try #require(client.wantedConnection)
    _ = client.finishConnecting(succeeds: true)
    #expect(server.connectionCarried(id, toPeer: 600, toClient: 400, at: .zero) == .zero)
    #expect(server.connectionCarried(id, toPeer: 0, toClient: 500, at: .zero) == .milliseconds(500))
    #expect(server.connectionCarried(id, toPeer: 0, toClient: 0, at: .zero + .seconds(1)) == .zero)
    #expect(server.statistics.connectionBytesSent == 600)
    #expect(server.statistics.connectionBytesReceived == 900)
  }

  @Test func `every truncation and every flipped byte of requests for connections is harmless`()
    throws
  {
    let server = Self.server()
    var client = HandmadeClient(server, transport: .tcp)
    #expect(client.allocateTCP() == 0 && client.connect(to: Self.peer) == nil)
    let id = try #require(client.wantedConnection)
    _ = client.finishConnecting(succeeds: true)
    var data = HandmadeClient(server, port: 5001, transport: .tcp)
    #expect(data.bindConnection(id.rawValue ^ 1) == 400)
    let nonce = data.nonce
    let second = TransportAddress(ip: Self.peer.ip, port: 7001)
    let requests = [
      data.request(.connectionBind) { output, _ in output.appendSTUN(.connectionID, id.rawValue) },
      data.request(.connect) { output, id in output.appendSTUN(.xorPeerAddress, xor: second, id) },
    ]
    for request in requests {
      for count in 0..<request.count { #expect(data.exchange(Array(request[..<count])).isEmpty) }
      for place in request.indices.dropLast(8) {
        var damaged = request
        damaged[place] ^= 0x41
        data.nonce = nonce
        if let code = data.code(damaged) { #expect(code != 0) }
      }
    }
    #expect(server.connectionCount == 1 && server.statistics.connections == 0)
  }
}
