/// The service thread's side of a server: libwebsockets calls in, sessions decide, tasks answer through the
/// mailbox. Nothing of it leaves its thread.
@safe final class Service {
  typealias Instant = ContinuousClock.Instant

  let settings: SessionSettings
  /// Of sessions without TLS where the server speaks it.
  lazy var plainSettings = SessionSettings(beside: settings)
  let routes: Routes
  let mailbox: Mailbox
  var connections: [UInt64: Connection] = [:]
  /// Where connections wait that may come with TLS or without; nil where all come alike.
  var threshold: Threshold?
  /// The connection that passes it.
  var passing: Connection?
  private var counts: [String: Int] = [:]
  var stopDeadline: Instant?
  /// The `SSL_CTX` that libwebsockets made for the listener.
  var tlsContext: OpaquePointer?

  init(settings: SessionSettings, routes: Routes, mailbox: Mailbox) {
    self.settings = settings
    self.routes = routes
    self.mailbox = mailbox
  }

  /// Whether the service thread may end.
  var isDone: Bool { stopDeadline != nil && connections.isEmpty }

  /// Whether a connection just accepted may stay.
  func admits(_ peer: HTTPRequest.Peer?) -> Bool {
    guard let peer, stopDeadline == nil, connections.count < settings.limits.connections else {
      return false
    }
    if peer.isLoopback, !settings.limits.countsLoopback { return true }
    let count = counts[peer.client] ?? 0
    return count < settings.limits.connectionsPerAddress
  }

  /// A connection is there. This and what follows answer false to close it.
  func opened(_ socket: RawSocket) -> Bool {
    if let passing { return settle(passing, on: socket) }
    guard let peer = socket.peer else { return false }
    let connection = Connection(
      id: ConnectionNumber.next(), client: peer.client, socket: socket,
      session: HTTPSession(settings: settings, peer: peer, at: .now))
    connection.isSecure = settings.isSecure
    if routes.streams.isEmpty { connection.beginning = nil }
    connections[connection.id] = connection
    counts[connection.client, default: 0] += 1
    socket.identify(connection.id)
    socket.sendWithoutDelay()
    arm(connection)
    return true
  }

  func received(_ bytes: [UInt8], on socket: RawSocket) -> Bool {
    guard let connection = connections[socket.number] else { return false }
    if settings.isSecure { socket.cancelTimeout() }
    if let beginning = connection.beginning {
      return begin(connection, beginning, with: bytes)
    }
    if connection.stream != nil {
      deliver(bytes, on: connection)
    } else if connection.http == nil {
      changeWebSocket(connection) { $0.receive(bytes[...], at: .now, into: &$1) }
    } else {
      changeHTTP(connection) { $0.receive(bytes[...], at: .now, into: &$1) }
    }
    return true
  }

  func timerFired(on socket: RawSocket) -> Bool {
    guard let connection = connections[socket.number] else { return false }
    connection.armed = nil
    let now = Instant.now
    if let stopDeadline, now >= stopDeadline { return false }
    if connection.ending != nil, let deadline = connection.deadline, now >= deadline {
      return false
    }
    if connection.stream?.isOver(at: now) == true { return false }
    changeHTTP(connection) { $0.advance(to: now, into: &$1) }
    changeWebSocket(connection) { $0.advance(to: now, into: &$1) }
    settle(connection)
    return true
  }

  func writable(_ socket: RawSocket) -> Bool {
    guard let connection = connections[socket.number] else { return false }
    let isAlive = write(connection)
    settle(connection)
    return isAlive
  }

  func closed(_ socket: RawSocket) { forget(socket.number) }

  func forget(_ id: UInt64) {
    guard let connection = connections.removeValue(forKey: id) else { return }
    let count = (counts[connection.client] ?? 1) - 1
    counts[connection.client] = count > 0 ? count : nil
    connection.task?.cancel()
    if let session = connection.stream { tellEnd(of: session) }
    changeWebSocket(connection) { $0.lose(into: &$1) }
    // Timers fire just before libwebsockets begins to wait.
    if isDone { mailbox.nudge() }
  }

  /// Writes while the socket takes it. What libwebsockets could not send of a write it keeps, and while it
  /// keeps something it spins on a socket that is readable: so reading is switched off meanwhile.
  private func write(_ connection: Connection) -> Bool {
    var hasWritten = false
    while !connection.socket.isChoked {
      guard let bytes = connection.nextWrite() else {
        connection.isStuck = false
        allSent(connection)
        return true
      }
      hasWritten = true
      guard connection.socket.write(bytes) else { return false }
    }
    connection.isStuck = connection.socket.keepsUnsent
    connection.socket.callWhenWritable()
    guard hasWritten else { return true }
    connection.http?.progressed(at: .now)
    if connection.ending == .finishing {
      connection.end(.finishing, by: .now + settings.limits.sendTimeout)
    }
    return true
  }

  private func allSent(_ connection: Connection) {
    changeHTTP(connection) { $0.sent(at: .now, into: &$1) }
    guard connection.ending == .finishing else { return }
    // The peer may still be sending: closing now would reset the connection and lose what it was told.
    connection.socket.shutDownSending()
    connection.end(.lingering, by: .now + settings.limits.closeTimeout)
  }

  /// Brings what libwebsockets watches in line with the connection.
  func settle(_ connection: Connection) {
    if connection.wantsOutput { connection.socket.callWhenWritable() }
    let reads = connection.wantsInput && !connection.isStuck
    if reads != connection.isReading {
      connection.isReading = reads
      connection.socket.setReading(reads)
    }
    arm(connection)
  }

  /// Arms the timer, unless it fires early enough as it is: looking too often costs less than moving it with
  /// every byte.
  private func arm(_ connection: Connection) {
    let deadlines = [connection.deadline, stopDeadline].compactMap { $0 }
    guard let deadline = deadlines.min() else { return }
    if let armed = connection.armed, armed <= deadline { return }
    connection.armed = deadline
    connection.socket.setTimer(deadline - .now)
  }
}
