import STUN
import TURN
import Testing
import Wire

/// A client by hand: what it sends is looked at, what the server answers is written here.
private struct HandmadeServer {
  static let path = Path(
    local: TransportAddress(ip: IPAddress(192, 0, 2, 1), port: 5000),
    remote: TURNWorld.serverAddress)
  static let relayed = TransportAddress(ip: IPAddress(198, 51, 100, 1), port: 49_152)
  static let realm = "relay"

  let client: TURNClient
  let outbox = Outbox()
  var events: [TURNClient.Event] = []
  let key = STUNLongTermKey(username: "user", realm: realm, password: "secret")

  init(options: TURNClient.Options = .init(), transport: Path.Transport = .udp) {
    var path = Self.path
    path.transport = transport
    client = TURNClient(
      path: path, credentials: .init(username: "user", password: "secret"), options: options,
      random: .seeded(5))
    client.start(at: .zero, into: outbox)
  }

  func sent() -> [[UInt8]] {
    defer { outbox.removeAll() }
    return outbox.datagrams.map { outbox.bytes(of: $0) }
  }

  @discardableResult
  mutating func receive(_ bytes: [UInt8], at now: Instant = .zero) -> TURNClient.Disposition {
    client.receive(bytes.span, at: now, into: outbox, events: &events)
  }

  mutating func advance(to now: Instant) {
    client.advance(to: now, into: outbox, events: &events)
  }

  enum Signature { case none, right, wrong }

  func answer(
    to request: [UInt8], error: STUNErrorCode? = nil, signed: Signature = .right,
    _ write: (inout OutputSpan<UInt8>, STUNTransactionID) -> Void = { _, _ in }
  ) -> [UInt8] {
    guard let message = try? STUNMessage(parsing: request.span) else { return [] }
    let id = message.transactionID
    let method = message.method
    return [UInt8](capacity: 1000) { output in
      output.beginSTUN(error == nil ? .success : .error, id, method: method)
      if let error { output.appendSTUN(error) }
      write(&output, id)
      switch signed {
      case .none: output.finishSTUN()
      case .right: output.finishSTUN(key: key)
      case .wrong: output.finishSTUN(key: Array("wrong".utf8).span)
      }
    }
  }

  func challenge(
    to request: [UInt8], nonce: String = "nonce", error: STUNErrorCode = .unauthenticated,
    _ write: (inout OutputSpan<UInt8>, STUNTransactionID) -> Void = { _, _ in }
  ) -> [UInt8] {
    answer(to: request, error: error, signed: .none) { output, id in
      output.appendSTUN(.realm, Self.realm)
      output.appendSTUN(.nonce, nonce)
      write(&output, id)
    }
  }

  func allocation(to request: [UInt8], lifetime: UInt32 = 600) -> [UInt8] {
    answer(to: request) { output, id in
      output.appendSTUN(.xorRelayedAddress, xor: Self.relayed, id)
      output.appendSTUN(.xorMappedAddress, xor: Self.path.local, id)
      output.appendSTUN(.lifetime, lifetime)
    }
  }

  /// Whether the client sends a datagram to a peer.
  @discardableResult
  func send(_ data: [UInt8], to peer: TransportAddress = TURNWorld.peerAddress) -> Bool {
    client.send(data.span, to: peer, at: .zero, into: outbox)
  }

  mutating func allocate() {
    for request in sent() { receive(challenge(to: request)) }
    for request in sent() { receive(allocation(to: request)) }
  }
}

private func method(_ bytes: [UInt8]) -> STUNMethod? {
  guard let message = try? STUNMessage(parsing: bytes.span) else { return nil }
  return message.method
}

struct ClientTests {
  private static let peer = TURNWorld.peerAddress

  @Test func `requests over UDP are repeated after 0·5 s, then twice as long each time`() {
    var server = HandmadeServer()
    var times = server.sent().map { _ in Instant.zero }
    while let deadline = server.client.deadline {
      server.advance(to: deadline)
      times += server.sent().map { _ in deadline }
    }
    #expect(
      times == [0, 500, 1500, 3500, 7500, 15_500, 23_500].map { .zero + .milliseconds($0) })
    #expect(server.events == [.failed(.unreachable)])
  }

  @Test func `over a stream nothing is repeated`() {
    var server = HandmadeServer(transport: .tls)
    #expect(server.sent().count == 1)
    #expect(server.client.deadline == .zero + .milliseconds(39_500))
    server.advance(to: .zero + .milliseconds(39_500))
    #expect(server.sent().isEmpty && server.events == [.failed(.unreachable)])
  }

  @Test func `only who knows the password is believed once it was used`() throws {
    var server = HandmadeServer()
    let first = try #require(server.sent().first)
    #expect(method(first) == .allocate)
    server.receive(server.challenge(to: first))
    let second = try #require(server.sent().first)
    let message = try STUNMessage(parsing: second.span)
    #expect(message.isAuthentic(key: server.key) && message.usernameText == "user")
    let before = try STUNMessage(parsing: first.span).transactionID
    #expect(message.transactionID != before)
    for signed in [HandmadeServer.Signature.none, .wrong] {
      server.receive(
        server.answer(to: second, signed: signed) { output, id in
          output.appendSTUN(.xorRelayedAddress, xor: HandmadeServer.relayed, id)
        })
      server.receive(server.answer(to: second, error: .forbidden, signed: signed))
    }
    #expect(server.client.state == .allocating && server.events.isEmpty)
    let good = server.allocation(to: second)
    for count in 0..<good.count { #expect(server.receive(Array(good[..<count])) == .notMine) }
    #expect(server.receive(good) == .consumed)
    #expect(
      server.events == [
        .allocated(relayed: HandmadeServer.relayed, mapped: HandmadeServer.path.local)
      ])
    // The same once more is nobody's.
    #expect(server.receive(good) == .notMine)
    #expect(server.client.deadline == .zero + .seconds(540))
  }

  @Test func `a server that asks for another nonce for ever is left`() {
    var server = HandmadeServer()
    var count = 0
    while let request = server.sent().first {
      count += 1
      let code = count == 1 ? STUNErrorCode.unauthenticated : .staleNonce
      server.receive(server.challenge(to: request, nonce: "\(count)", error: code))
    }
    #expect(count == 5)
    #expect(server.events == [.failed(.refused(STUNErrorCode(rawValue: 438)))])
  }

  @Test func `a second 401 means that the password is wrong`() {
    var server = HandmadeServer()
    for request in server.sent() { server.receive(server.challenge(to: request)) }
    for request in server.sent() { server.receive(server.challenge(to: request, nonce: "new")) }
    #expect(server.events == [.failed(.refused(STUNErrorCode(rawValue: 401)))])
    #expect(server.sent().isEmpty)
  }

  @Test func `an offer of algorithms cannot be taken away`() throws {
    // "obMatJos2AAAB" says that there is a list (RFC 8489 §9.2).
    var robbed = HandmadeServer()
    for request in robbed.sent() {
      robbed.receive(robbed.challenge(to: request, nonce: "obMatJos2AAABx"))
    }
    #expect(robbed.events == [.failed(.refused(STUNErrorCode(rawValue: 401)))])
    var server = HandmadeServer()
    for request in server.sent() {
      server.receive(
        server.challenge(to: request, nonce: "obMatJos2AAABx") { output, _ in
          output.appendSTUN(passwordAlgorithms: [.md5, .sha256])
        })
    }
    let request = try #require(server.sent().first)
    let message = try STUNMessage(parsing: request.span)
    #expect(message.hasMessageIntegritySHA256 && !message.hasMessageIntegrity)
    #expect(try message.passwordAlgorithms == [.md5, .sha256])
    #expect(try message.passwordAlgorithm == .sha256)
    let key = STUNLongTermKey(
      username: "user", realm: HandmadeServer.realm, password: "secret", algorithm: .sha256)
    let isAuthentic = message.isAuthentic(key: key)
    #expect(isAuthentic)
  }

  @Test(arguments: [437, 440, 441, 442, 486, 508] as [UInt16])
  func `the server's refusals are told`(code: UInt16) {
    var server = HandmadeServer()
    for request in server.sent() { server.receive(server.challenge(to: request)) }
    let refusal = STUNErrorCode(rawValue: code, reason: "no")
    for request in server.sent() { server.receive(server.answer(to: request, error: refusal)) }
    #expect(server.events == [.failed(.refused(refusal))])
    #expect(server.client.deadline == nil)
  }

  @Test func `another server may be named`() {
    var server = HandmadeServer()
    let other = TransportAddress(ip: IPAddress(198, 51, 100, 2), port: 3478)
    for request in server.sent() {
      server.receive(
        server.answer(to: request, error: .tryAlternate, signed: .none) { output, _ in
          output.appendSTUN(alternateServer: other)
        })
    }
    #expect(server.events == [.failed(.tryAlternate(other))])
  }

  @Test func `an answer without an address of the family asked for is no allocation`() {
    for address in [nil, TURNWorld.peerAddressV6, TransportAddress("0.0.0.0:5")] {
      var server = HandmadeServer()
      for request in server.sent() { server.receive(server.challenge(to: request)) }
      for request in server.sent() {
        server.receive(
          server.answer(to: request) { output, id in
            if let address { output.appendSTUN(.xorRelayedAddress, xor: address, id) }
          })
      }
      #expect(server.events == [.failed(.malformedAnswer)])
    }
  }

  @Test func `a short lifetime is refreshed at half time, a refused refresh ends it`() throws {
    var server = HandmadeServer()
    for request in server.sent() { server.receive(server.challenge(to: request)) }
    for request in server.sent() { server.receive(server.allocation(to: request, lifetime: 20)) }
    #expect(server.client.deadline == .zero + .seconds(10))
    server.advance(to: .zero + .seconds(10))
    let refresh = try #require(server.sent().first)
    #expect(method(refresh) == .refresh)
    server.receive(
      server.answer(to: refresh) { output, _ in output.appendSTUN(.lifetime, 600 as UInt32) },
      at: .zero + .seconds(10))
    #expect(server.client.deadline == .zero + .seconds(550))
    server.advance(to: .zero + .seconds(550))
    for request in server.sent() {
      server.receive(server.answer(to: request, error: .allocationMismatch))
    }
    #expect(server.events.last == .failed(.refused(.allocationMismatch)))
    #expect(server.client.relayedAddress == nil)
  }

  @Test func `a lifetime of zero does not make it ask without a pause`() {
    var server = HandmadeServer()
    for request in server.sent() { server.receive(server.challenge(to: request)) }
    for request in server.sent() { server.receive(server.allocation(to: request, lifetime: 0)) }
    server.advance(to: .zero)
    #expect(server.events.last == .failed(.expired))
  }

  @Test func `data before a channel's answer, of unknown channels and without data`() throws {
    var server = HandmadeServer()
    server.allocate()
    let data: [UInt8] = [0x80, 1, 2]
    #expect(server.send(data))
    let sent = server.sent()
    #expect(sent.map(method) == [.createPermission, .channelBind, .send])
    // The server may have bound the channel already.
    #expect(server.receive(channelData(0x4000, [5])) == .data(4..<5, from: Self.peer))
    #expect(server.receive(channelData(0x4001, [5])) == .consumed)
    #expect(server.receive(channelData(0x4000, [5], length: 2)) == .notMine)
    let id = STUNTransactionID(high: 0, low: 1)
    let indication = [UInt8](capacity: 100) { output in
      output.beginSTUN(.indication, id, method: .data)
      output.appendSTUN(.xorPeerAddress, xor: Self.peer, id)
      output.appendSTUN(.data, data.span)
      output.finishSTUN(fingerprint: false)
    }
    guard case .data(let range, let from) = server.receive(indication) else {
      Issue.record("no data")
      return
    }
    #expect(Array(indication[range]) == data && from == Self.peer)
    for count in 0..<indication.count {
      #expect(server.receive(Array(indication[..<count])) == .notMine)
    }
    let empty = [UInt8](capacity: 100) { output in
      output.beginSTUN(.indication, id, method: .data)
      output.appendSTUN(.xorPeerAddress, xor: Self.peer, id)
      output.finishSTUN()
    }
    #expect(server.receive(empty) == .consumed)
    let icmp = [UInt8](capacity: 100) { output in
      output.beginSTUN(.indication, id, method: .data)
      output.appendSTUN(.xorPeerAddress, xor: Self.peer, id)
      output.appendSTUN(.icmp, UInt64(3 << 9 | 1) << 32)
      output.finishSTUN()
    }
    #expect(server.receive(icmp) == .consumed)
    #expect(
      server.events.last == .peerUnreachable(Self.peer, STUNICMPError(type: 3, code: 1)))
  }

  @Test func `a refused channel leaves indications`() {
    var server = HandmadeServer()
    server.allocate()
    let data: [UInt8] = [0x80]
    server.send(data)
    for request in server.sent() where method(request) == .channelBind {
      server.receive(server.answer(to: request, error: .insufficientCapacity))
    }
    server.send(data)
    #expect(server.sent().map(method) == [.send])
    #expect(server.client.state == .allocated)
  }

  @Test func `permissions are bounded, and those that nobody uses are let go`() {
    var options = TURNClient.Options()
    options.maximumPermissions = 3
    var server = HandmadeServer(options: options)
    server.allocate()
    for number in 1...5 as ClosedRange<UInt8> {
      server.client.permit(
        IPAddress(203, 0, 113, number), at: .zero + .seconds(Int64(number)), into: server.outbox)
    }
    let requests = server.sent()
    #expect(requests.count == 5)
    for request in requests { server.receive(server.answer(to: request), at: .zero) }
    // Of the three that are left each is refreshed until it was idle for ten minutes.
    var refreshes = 0
    var now = Instant.zero
    while now < .zero + .seconds(3000), let deadline = server.client.deadline {
      now = max(now, deadline)
      server.advance(to: now)
      for request in server.sent() {
        if method(request) == .createPermission { refreshes += 1 }
        server.receive(
          server.answer(to: request) { output, _ in
            output.appendSTUN(.lifetime, 600 as UInt32)
          }, at: now)
      }
    }
    #expect(refreshes == 6)
    #expect(server.events.count { if case .permitted = $0 { true } else { false } } == 9)
  }

  @Test func `nothing is sent without an allocation, to another family, or what is too long`() {
    let server = HandmadeServer()
    let data: [UInt8] = [0x80]
    _ = server.sent()
    #expect(!server.send(data))
    #expect(server.sent().isEmpty)
    var ready = HandmadeServer()
    ready.allocate()
    #expect(!ready.send(data, to: TURNWorld.peerAddressV6))
    #expect(!ready.send([UInt8](repeating: 0, count: 65_401)))
    #expect(ready.sent().isEmpty)
  }
}
