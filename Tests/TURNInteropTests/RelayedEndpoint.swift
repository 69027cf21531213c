import Net
import TURN
import Wire

/// A TURN client with a real socket or connection, and a peer that sends back what it gets.
actor RelayedEndpoint: EventLoopHandler {
  struct View: Sendable {
    var events: [TURNClient.Event] = []
    var received: [[UInt8]] = []
    var state = TURNClient.State.idle
    var isBroken = false
    /// First bytes of what came from the server.
    var firstBytes: [UInt8] = []
  }

  nonisolated let loop: EventLoop
  nonisolated let peerAddress: TransportAddress
  private let client: TURNClient
  private let socket: UDPSocket?
  private let connection: (any StreamConnection)?
  private let peer: UDPSocket
  private let outbox = Outbox()
  private var framing = STUNStreamFraming()
  private var view = View()
  private var permission: (address: IPAddress, at: Instant)?
  private var waiting: (condition: @Sendable (View) -> Bool, CheckedContinuation<View, Never>)?

  init(
    on loop: EventLoop, to server: TransportAddress, transport: Path.Transport,
    credentials: TURNClient.Credentials = Coturn.credentials, context: TLSContext? = nil,
    options: TURNClient.Options = .init()
  ) throws {
    self.loop = loop
    // On the server's host, which is this one.
    let free = TransportAddress(ip: server.ip, port: 0)
    let peer = try UDPSocket(boundTo: free)
    let peerDescriptor = peer.descriptor
    peerAddress = peer.localAddress
    var socket: UDPSocket?
    var connection: (any StreamConnection)?
    switch transport {
    case .udp: socket = try UDPSocket(boundTo: free)
    case .tcp: connection = try TCPConnection(to: server)
    case .tls:
      connection = try context.map { try TLSConnection(to: server, host: "relay", context: $0) }
    }
    let socketDescriptor = socket?.descriptor
    client = TURNClient(
      path: Path(
        transport: transport, local: socket?.localAddress ?? free, remote: server),
      credentials: credentials, options: options, random: .system)
    self.peer = peer
    self.socket = socket
    self.connection = connection
    loop.add(self)
    try loop.watch(peerDescriptor, handler: self)
    if let socketDescriptor { try loop.watch(socketDescriptor, handler: self) }
  }

  func start() throws {
    try connection?.attach(to: self)
    client.start(at: MonotonicClock.now(), into: outbox)
  }

  func close() { client.close(at: MonotonicClock.now(), into: outbox) }

  func send(_ bytes: [UInt8], to peer: TransportAddress? = nil) {
    client.send(bytes.span, to: peer ?? peerAddress, at: MonotonicClock.now(), into: outbox)
  }

  /// Asks for a permission when `delay` has passed.
  func permit(_ address: IPAddress, after delay: Duration) {
    permission = (address, MonotonicClock.now() + delay)
  }

  func handle(_ readiness: Readiness, of descriptor: Descriptor, at now: Instant) {
    if descriptor === peer.descriptor {
      for (bytes, path) in readAll(peer) { outbox.append(bytes.span, on: path) }
      return peer.flush(outbox)
    }
    if let socket {
      for (bytes, _) in readAll(socket) { take(bytes, now) }
    }
    connection?.handle(readiness) { bytes in
      guard let messages = try? framing.receive(bytes) else {
        view.isBroken = true
        return
      }
      for message in messages { take(message, now) }
    }
  }

  private func take(_ bytes: [UInt8], _ now: Instant) {
    view.firstBytes.append(bytes.first ?? 0xff)
    let disposition = client.receive(
      bytes.span, at: now, into: outbox, events: &view.events)
    if case .data(let range, peerAddress) = disposition {
      view.received.append(Array(bytes[range]))
    }
  }

  func finishTurn(at now: Instant) -> NextTurn {
    client.advance(to: now, into: outbox, events: &view.events)
    if let due = permission, due.at <= now {
      permission = nil
      client.permit(due.address, at: now, into: outbox)
    }
    if let connection {
      for datagram in outbox.datagrams {
        if !connection.write(outbox.bytes(of: datagram).span) { view.isBroken = true }
      }
      outbox.removeAll()
      if connection.phase.isOver { view.isBroken = true }
    } else {
      socket?.flush(outbox)
    }
    view.state = client.state
    if let waiting, waiting.condition(view) {
      self.waiting = nil
      waiting.1.resume(returning: view)
    }
    return NextTurn(deadline: [client.deadline, permission?.at].compactMap(\.self).min())
  }

  /// Waits for a turn after which `condition` holds.
  @discardableResult
  func wait(until condition: @escaping @Sendable (View) -> Bool) async -> View {
    await withCheckedContinuation { waiting = (condition, $0) }
  }
}
