import STUN
import TURN
import Wire

/// What a script does that no client of ours asks for: pairs of ports, and connections to peers.
extension Script {
  /// A request with credentials that no client of ours sends, on the client's path or on one for a peer's bytes.
  mutating func request(_ step: UInt8) {
    let kind = next() ?? 0
    let number = next() ?? 0
    let peer = peer()
    guard kind & 0xf0 == 0xf0 else { return request(kind, number, peer, damages: step >= 128) }
    // All that it takes to join two connections, as a whole: chance seldom brings it about.
    request(4, number & 0x10 | 1, peer, damages: false)
    while !waiting.isEmpty { openSocket(succeeds: true) }
    request(5, 0, peer, damages: false)
    while !connecting.isEmpty { finishConnecting(succeeds: true) }
    request(10, 0, peer, damages: step >= 128)
  }

  /// Low bits of `kind`: the method, and the path.
  mutating func request(
    _ kind: UInt8, _ number: UInt8, _ peer: TransportAddress, damages: Bool
  ) {
    let path = kind & 8 != 0 ? joinPath : kind & 4 != 0 ? dataPath : serverPath
    // Once more with the nonce that a challenge brings.
    for _ in 0..<2 {
      let before = nonce
      let bytes = request(kind, number, peer)
      exchange(damages ? damaged(bytes) : bytes, on: path)
      if nonce == before { return }
    }
  }

  mutating func request(_ kind: UInt8, _ number: UInt8, _ peer: TransportAddress) -> [UInt8] {
    requestCount += 1
    let id = STUNTransactionID(high: 99, low: requestCount)
    let key = STUNLongTermKey(username: "user", realm: "relay", password: "secret")
    let connection = connected.sorted { $0.rawValue < $1.rawValue }.first?.rawValue ?? 7
    let token = tokens.last ?? 7
    let methods = [STUNMethod.allocate, .connect, .connectionBind, .refresh]
    let method = methods[Int(kind & 3)]
    return [UInt8](capacity: 500) { output in
      output.beginSTUN(.request, id, method: method)
      switch method {
      case .allocate:
        output.appendSTUN(.requestedTransport, UInt32(number & 1 == 0 ? 17 : 6) << 24)
        if number & 2 != 0 { output.appendSTUN(evenPortReservingNext: number & 4 != 0) }
        if number & 8 != 0 { output.appendSTUN(.reservationToken, token) }
        if number & 16 != 0 { output.appendSTUNAdditionalFamilyV6() }
        if number & 32 != 0 { output.appendSTUN(requestedFamily: .v6) }
        if number & 64 != 0 { output.appendSTUN(.dontFragment) }
      case .refresh:
        output.appendSTUN(.lifetime, UInt32(number & 1))
        if number & 2 != 0 { output.appendSTUN(requestedFamily: number & 4 == 0 ? .v4 : .v6) }
      case .connect: output.appendSTUN(.xorPeerAddress, xor: peer, id)
      default: output.appendSTUN(.connectionID, connection)
      }
      output.appendSTUN(.username, "user")
      output.appendSTUN(.realm, "relay")
      if !nonce.isEmpty { output.appendSTUN(.nonce, nonce.span) }
      output.finishSTUN(key: key)
    }
  }

  /// Hands in a request and remembers what its answer is good for.
  mutating func exchange(_ bytes: [UInt8], on path: Path) {
    var events: [TURNServer.Event] = []
    server.receive(bytes.span, on: path, at: now, into: outbox, events: &events)
    for datagram in outbox.datagrams where datagram.path == path {
      let answer = outbox.bytes(of: datagram)
      guard let message = try? STUNMessage(parsing: answer.span) else { continue }
      if let fresh = message.nonce { nonce = fresh }
      if let token = try? message.reservationToken { tokens.append(token) }
    }
    handle(events)
    collect()
  }

  mutating func finishConnecting(succeeds: Bool) {
    guard !connecting.isEmpty else { return }
    let id = connecting.removeFirst()
    if succeeds { connected.insert(id) }
    var events: [TURNServer.Event] = []
    server.peerConnectionOpened(
      id, succeeded: succeeds, at: now, into: outbox, events: &events)
    handle(events)
    collect()
  }

  mutating func peerConnects() {
    let peer = peer()
    for socket in sockets {
      guard
        let id = server.peerConnected(from: peer, to: socket.address, at: now, into: outbox)
      else { continue }
      connected.insert(id)
    }
    collect()
  }

  mutating func carry() {
    guard let id = connected.first else { return }
    let count = Int(next() ?? 0) * 100
    precondition(server.connectionCarried(id, toPeer: count, toClient: count, at: now) >= .zero)
    guard count == 0 else { return }
    connected.remove(id)
    server.peerConnectionClosed(id)
  }
}
