import STUN
import TURN
import Wire

/// A client's requests by hand, for what no client of ours would send.
struct HandmadeClient {
  let server: TURNServer
  let path: Path
  let outbox = Outbox()
  var events: [TURNServer.Event] = []
  var nonce: [UInt8] = []
  var now = Instant.zero
  var username = "user"
  var password = "secret"
  private var lastID: UInt64 = 0
  var nextPort: UInt16
  /// Whether wishes for sockets are met at once.
  var opensRelays = true
  /// Families of which there are no sockets.
  var missingFamilies: Set<IPAddress.Family> = []

  init(
    _ server: TURNServer, port: UInt16 = 5000, transport: Path.Transport = .udp,
    host: IPAddress = IPAddress(192, 0, 2, 9)
  ) {
    self.server = server
    nextPort = 20_000 + port % 4000 * 8
    path = Path(
      transport: transport, local: TURNWorld.serverAddress,
      remote: TransportAddress(ip: host, port: port))
  }

  static func server(
    _ configure: (inout TURNServer.Configuration) -> Void = { _ in }
  ) -> TURNServer {
    var configuration = TURNServer.Configuration()
    configuration.authority.users = ["user": "secret", "other": "word"]
    configuration.peers = TURNPeerPolicy(others: .everybody)
    configuration.listeners = [TURNWorld.serverAddress]
    configure(&configuration)
    return TURNServer(configuration: configuration, random: .seeded(4))
  }

  var key: STUNLongTermKey {
    STUNLongTermKey(username: username, realm: "relay", password: password)
  }

  /// A request with credentials, as far as a nonce is known.
  mutating func request(
    _ method: STUNMethod, id: UInt64? = nil,
    _ write: (inout OutputSpan<UInt8>, STUNTransactionID) -> Void
  ) -> [UInt8] {
    lastID += 1
    let id = STUNTransactionID(high: 7, low: id ?? lastID)
    return [UInt8](capacity: 2000) { output in
      output.beginSTUN(.request, id, method: method)
      write(&output, id)
      guard !nonce.isEmpty else { return output.finishSTUN() }
      output.appendSTUN(.username, username)
      output.appendSTUN(.realm, "relay")
      output.appendSTUN(.nonce, nonce.span)
      output.finishSTUN(key: key)
    }
  }

  /// Hands in a datagram and gives what came back to the client.
  mutating func exchange(_ bytes: [UInt8]) -> [[UInt8]] {
    var new: [TURNServer.Event] = []
    server.receive(bytes.span, on: path, at: now, into: outbox, events: &new)
    while !new.isEmpty {
      let event = new.removeFirst()
      events.append(event)
      guard opensRelays, case .openRelay(let id, let wish) = event else { continue }
      server.relayOpened(id, at: addresses(wish), now: now, into: outbox, events: &new)
    }
    defer { outbox.removeAll() }
    return outbox.datagrams.filter { $0.path == path }.map { outbox.bytes(of: $0) }
  }

  /// The code of the answer, 0 for success, nil where there is none.
  mutating func code(_ bytes: [UInt8]) -> UInt16? {
    guard let answer = exchange(bytes).first,
      let message = try? STUNMessage(parsing: answer.span)
    else { return nil }
    if let fresh = message.nonce { nonce = fresh }
    return ((try? message.errorCode) ?? nil)?.rawValue ?? 0
  }

  private mutating func addresses(_ wish: TURNServer.RelayWish) -> [TransportAddress] {
    wish.families.filter { !missingFamilies.contains($0) }.flatMap { family in
      nextPort += wish.port != .any && nextPort % 2 == 0 ? 2 : 1
      let ip = family == .v4 ? TURNWorld.serverAddress.ip : TURNWorld.relayV6
      let first = TransportAddress(ip: ip, port: nextPort)
      guard wish.port == .evenAndNext else { return [first] }
      nextPort += 1
      return [first, TransportAddress(ip: ip, port: nextPort)]
    }
  }

  mutating func allocate(
    id: UInt64? = nil, _ write: (inout OutputSpan<UInt8>, STUNTransactionID) -> Void = { _, _ in }
  ) -> UInt16? {
    if nonce.isEmpty {
      _ = code(request(.allocate) { output, _ in output.appendSTUNRequestedTransportUDP() })
    }
    return code(
      request(.allocate, id: id) { output, id in
        output.appendSTUNRequestedTransportUDP()
        write(&output, id)
      })
  }

  mutating func permit(_ peers: TransportAddress...) -> UInt16? {
    code(
      request(.createPermission) { output, id in
        for peer in peers { output.appendSTUN(.xorPeerAddress, xor: peer, id) }
      })
  }

  mutating func bind(_ number: UInt16, to peer: TransportAddress) -> UInt16? {
    code(
      request(.channelBind) { output, id in
        output.appendSTUN(channelNumber: number)
        output.appendSTUN(.xorPeerAddress, xor: peer, id)
      })
  }

  mutating func refresh(lifetime: UInt32) -> UInt16? {
    code(request(.refresh) { output, _ in output.appendSTUN(.lifetime, lifetime) })
  }

  mutating func refresh(lifetime: UInt32, family: IPAddress.Family) -> UInt16? {
    code(
      request(.refresh) { output, _ in
        output.appendSTUN(.lifetime, lifetime)
        output.appendSTUN(requestedFamily: family)
      })
  }

  /// Sends by indication; what the server sent to peers.
  mutating func send(
    _ data: [UInt8], to peer: TransportAddress, forbidsFragmentation: Bool = false
  ) -> [(Path, [UInt8])] {
    let id = STUNTransactionID(high: 9, low: 9)
    let bytes = [UInt8](capacity: 100 + data.count) { output in
      output.beginSTUN(.indication, id, method: .send)
      output.appendSTUN(.xorPeerAddress, xor: peer, id)
      if forbidsFragmentation { output.appendSTUN(.dontFragment) }
      output.appendSTUN(.data, data.span)
      output.finishSTUN(fingerprint: false)
    }
    return relayed(bytes)
  }

  /// What the server sent to peers for a datagram.
  mutating func relayed(_ bytes: [UInt8]) -> [(Path, [UInt8])] {
    server.receive(bytes.span, on: path, at: now, into: outbox, events: &events)
    defer { outbox.removeAll() }
    return outbox.datagrams.map { ($0.path, outbox.bytes(of: $0)) }
  }

  var relayedAddress: TransportAddress? { relayedAddresses.last }

  /// All that the owner was told of, in that order.
  var relayedAddresses: [TransportAddress] {
    events.compactMap {
      guard case .allocated(_, _, let client, let relayed) = $0, client == path else { return nil }
      return relayed
    }
  }

  /// What was closed since the beginning.
  var closedRelays: [TransportAddress] {
    events.compactMap { if case .closeRelay(_, let address) = $0 { address } else { nil } }
  }

  /// Lets the server do what is due; what it sent.
  mutating func advance(to time: Instant) -> [[UInt8]] {
    now = time
    server.advance(to: time, into: outbox, events: &events)
    defer { outbox.removeAll() }
    return outbox.datagrams.map { outbox.bytes(of: $0) }
  }

  /// A datagram from a peer; what the client gets.
  func receive(
    _ data: [UInt8], at relayed: TransportAddress, from peer: TransportAddress
  ) -> [[UInt8]] {
    let outbox = Outbox()
    server.receiveRelayed(data.span, at: relayed, from: peer, at: now, into: outbox)
    return outbox.datagrams.filter { $0.path == path }.map { outbox.bytes(of: $0) }
  }
}

func channelData(_ number: UInt16, _ data: [UInt8], length: UInt16? = nil) -> [UInt8] {
  [UInt8](capacity: 4 + data.count) { output in
    output.append(bigEndian: number)
    output.append(bigEndian: length ?? UInt16(data.count))
    output.append(copying: data.span)
  }
}
