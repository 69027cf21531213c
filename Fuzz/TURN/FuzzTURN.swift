import STUN
import TURN
import Wire

/// A script of calls, times, damaged and well-made datagrams for a client and a server with a lossy wire
/// between them.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzTURN(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  guard let start = unsafe start else { return 0 }
  // The fuzzer's buffer, valid for this call.
  let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
  cut(bytes)
  var script = Script(bytes: bytes)
  script.run()
  return 0
}

/// Any bytes as a stream, whole and byte by byte: both ways give the same.
private func cut(_ bytes: [UInt8]) {
  var whole = STUNStreamFraming(maximumByteCount: 2000)
  var single = STUNStreamFraming(maximumByteCount: 2000)
  let messages = try? whole.receive(bytes.span)
  var pieces: [[UInt8]]? = []
  for byte in bytes {
    guard let more = try? single.receive([byte].span) else {
      pieces = nil
      break
    }
    pieces? += more
    precondition(single.pendingByteCount < 2000)
  }
  precondition((messages == nil) == (pieces == nil) && (messages == nil || messages == pieces))
}

struct Socket: Hashable {
  let id: TURNServer.AllocationID
  let address: TransportAddress
}

struct Script {
  let bytes: [UInt8]
  var position = 0
  let client: TURNClient
  let server: TURNServer
  let outbox = Outbox()
  var clientEvents: [TURNClient.Event] = []
  /// Open sockets, by what they were opened for and where.
  var sockets: Set<Socket> = []
  var waiting: [(TURNServer.AllocationID, TURNServer.RelayWish)] = []
  var connecting: [TURNServer.ConnectionID] = []
  var connected: Set<TURNServer.ConnectionID> = []
  var tokens: [UInt64] = []
  var requestCount: UInt64 = 0
  var nonce: [UInt8] = []
  var toServer: [[UInt8]] = []
  var toClient: [[UInt8]] = []
  var now = Instant.zero
  static let serverAddress = TransportAddress(
    ip: IPAddress(198, 51, 100, 1), port: 3478)
  static let clientAddress = TransportAddress(ip: IPAddress(192, 0, 2, 1), port: 5000)
  let path: Path
  let serverPath: Path
  let joinPath = Path(
    transport: .tcp, local: serverAddress,
    remote: TransportAddress(ip: IPAddress(192, 0, 2, 1), port: 5002))
  /// A stream for a peer's bytes.
  let dataPath = Path(
    transport: .tcp, local: serverAddress,
    remote: TransportAddress(ip: IPAddress(192, 0, 2, 1), port: 5001))

  init(bytes: [UInt8]) {
    self.bytes = bytes
    let shape = bytes.first ?? 0
    let transport: Path.Transport = shape & 1 == 0 ? .udp : .tcp
    path = Path(
      transport: transport, local: Self.clientAddress, remote: Self.serverAddress)
    serverPath = Path(
      transport: transport, local: Self.serverAddress, remote: Self.clientAddress)
    var options = TURNClient.Options()
    options.maximumPermissions = 3
    options.maximumChannels = 2
    var configuration = TURNServer.Configuration()
    configuration.authority.users = ["user": "secret"]
    configuration.peers = TURNPeerPolicy(others: .everybody)
    configuration.listeners = [Self.serverAddress]
    configuration.maximumPermissions = 4
    configuration.maximumChannels = 3
    configuration.offersSHA256 = shape & 2 != 0
    configuration.maximumAllocationsPerUser = 2
    configuration.families = [.v4, .v6]
    configuration.relaysTCP = true
    configuration.canForbidFragmentation = shape & 4 != 0
    configuration.acceptsUserHashes = shape & 8 != 0
    configuration.maximumConnections = 2
    if shape & 16 != 0 { configuration.maximumBytesPerSecond = 100 }
    options.asksForBothFamilies = shape & 32 != 0
    client = TURNClient(
      path: path, credentials: .init(username: "user", password: "secret"), options: options,
      random: .seeded(1))
    server = TURNServer(configuration: configuration, random: .seeded(2))
  }

  mutating func run() {
    while let step = next() {
      switch step % 18 {
      case 0: now = now + .milliseconds(Int64(next() ?? 0) * 20)
      case 1: now = now + .seconds(Int64(next() ?? 0) * 8)
      case 2: client.start(at: now, into: outbox)
      case 3: client.close(at: now, into: outbox)
      case 4: send()
      case 5: client.permit(peer().ip, at: now, into: outbox)
      case 6: client.bindChannel(to: peer(), at: now, into: outbox)
      case 7: deliverToServer(damage: step >= 128)
      case 8: deliverToClient(damage: step >= 128)
      case 9: fromPeer()
      case 10: openSocket(succeeds: step < 128)
      case 11: deliver(take(Int(next() ?? 0)), toServer: step < 128)
      case 12: breakPath(step)
      case 13: request(step)
      case 14: finishConnecting(succeeds: step < 128)
      case 15: peerConnects()
      case 16: carry()
      default: settle()
      }
      advance()
      check()
    }
  }

  /// Lets everything arrive until nothing moves.
  mutating func settle() {
    for _ in 0..<8 {
      while !toServer.isEmpty { deliverToServer(damage: false) }
      while !waiting.isEmpty { openSocket(succeeds: true) }
      while !toClient.isEmpty { deliverToClient(damage: false) }
    }
  }

  mutating func advance() {
    var events: [TURNServer.Event] = []
    client.advance(to: now, into: outbox, events: &clientEvents)
    server.advance(to: now, into: outbox, events: &events)
    handle(events)
    collect()
  }

  /// What must hold whatever comes in.
  private func check() {
    precondition(server.allocationCount + server.reservationCount <= 2 && sockets.count <= 4)
    precondition(server.connectionCount <= 4 && connected.count <= server.connectionCount)
    precondition(server.statistics.relays.values.allSatisfy { $0 >= 0 })
    precondition((client.relayedAddress != nil) == (client.state == .allocated))
    if client.state == .ended { precondition(client.deadline == nil) }
    if let deadline = client.deadline { precondition(deadline > now) }
    if let deadline = server.deadline { precondition(deadline > now) }
    precondition(clientEvents.count < 100_000)
  }

  /// Sorts what was sent by where it goes.
  mutating func collect() {
    for datagram in outbox.datagrams {
      let bytes = outbox.bytes(of: datagram)
      switch datagram.path {
      case path: toServer.append(bytes)
      case serverPath: toClient.append(bytes)
      case dataPath, joinPath: break
      default:
        // To a peer: from a socket that is open, and never to the server itself.
        precondition(sockets.contains { $0.address == datagram.path.local })
        precondition(datagram.path.remote != Self.serverAddress)
      }
    }
    outbox.removeAll()
    toServer = toServer.suffix(64)
    toClient = toClient.suffix(64)
  }

  mutating func handle(_ events: [TURNServer.Event]) {
    for event in events {
      switch event {
      case .openRelay(let id, let wish): waiting.append((id, wish))
      case .closeRelay(let id, let address):
        precondition(sockets.remove(Socket(id: id, address: address)) != nil)
      case .allocated(_, _, let client, _):
        precondition([serverPath, dataPath, joinPath].contains(client))
      case .forbidFragmentation(let place): precondition(outbox.datagrams.indices.contains(place))
      case .openPeerConnection(let id, let local, _):
        precondition(sockets.contains { $0.address == local })
        connecting.append(id)
      case .joinConnection(let id, let path):
        precondition(connected.contains(id) && [serverPath, dataPath, joinPath].contains(path))
      case .closePeerConnection(let id): connected.remove(id)
      }
    }
  }

  mutating func openSocket(succeeds: Bool) {
    guard !waiting.isEmpty else { return }
    let (id, wish) = waiting.removeFirst()
    var addresses: [TransportAddress] = []
    for family in wish.families where succeeds {
      let port = UInt16(truncatingIfNeeded: 50_000 + id.rawValue % 5000 * 2)
      let ip =
        family == .v4 ? Self.serverAddress.ip : IPAddress(v6High: 0x2a00_0000_0000_0000, low: 1)
      addresses.append(TransportAddress(ip: ip, port: port))
      if wish.port == .evenAndNext {
        addresses.append(TransportAddress(ip: ip, port: port + UInt16((next() ?? 0) & 1)))
      }
    }
    for address in addresses { sockets.insert(Socket(id: id, address: address)) }
    if Set(addresses).count < addresses.count { addresses.removeLast() }
    var events: [TURNServer.Event] = []
    server.relayOpened(id, at: addresses, now: now, into: outbox, events: &events)
    handle(events)
    collect()
  }

  mutating func deliverToServer(damage: Bool) {
    guard !toServer.isEmpty else { return }
    let bytes = toServer.removeFirst()
    deliver(damage ? damaged(bytes) : bytes, toServer: true)
  }

  mutating func deliverToClient(damage: Bool) {
    guard !toClient.isEmpty else { return }
    let bytes = toClient.removeFirst()
    deliver(damage ? damaged(bytes) : bytes, toServer: false)
  }

  mutating func deliver(_ bytes: [UInt8], toServer: Bool) {
    if toServer {
      var events: [TURNServer.Event] = []
      server.receive(bytes.span, on: serverPath, at: now, into: outbox, events: &events)
      handle(events)
    } else if case .data(let range, _) = client.receive(
      bytes.span, at: now, into: outbox, events: &clientEvents)
    {
      precondition(range.lowerBound >= 0 && range.upperBound <= bytes.count)
    }
    collect()
  }

  mutating func send() {
    let data = take(Int(next() ?? 0) % 64)
    client.send(data.span, to: peer(), at: now, into: outbox)
  }

  mutating func fromPeer() {
    guard let socket = sockets.first?.address else { return }
    let data = take(Int(next() ?? 0) % 64)
    server.receiveRelayed(data.span, at: socket, from: peer(), at: now, into: outbox)
    server.relayFailed(
      STUNICMPError(type: 3, code: 4), at: socket, to: peer(), at: now, into: outbox)
  }

  mutating func breakPath(_ step: UInt8) {
    var events: [TURNServer.Event] = []
    switch step % 4 {
    case 0: client.pathFailed(events: &clientEvents)
    case 1: server.connectionClosed(serverPath, events: &events)
    case 2:
      server.connectionClosed(step & 4 == 0 ? dataPath : joinPath, events: &events)
    default: server.revoke(username: "user", at: now, events: &events)
    }
    handle(events)
  }

  mutating func next() -> UInt8? {
    guard position < bytes.count else { return nil }
    defer { position += 1 }
    return bytes[position]
  }

  mutating func take(_ count: Int) -> [UInt8] {
    let end = min(position + count, bytes.count)
    defer { position = end }
    return Array(bytes[position..<end])
  }

  mutating func peer() -> TransportAddress {
    let number = next() ?? 0
    if number & 0xf == 0xf { return Self.serverAddress }
    return TransportAddress(ip: IPAddress(203, 0, 113, number & 7), port: UInt16(number >> 6))
  }

  mutating func damaged(_ datagram: [UInt8]) -> [UInt8] {
    var damaged = datagram
    guard !damaged.isEmpty else { return [] }
    damaged[Int(next() ?? 0) % damaged.count] ^= next() ?? 1
    return damaged
  }
}
