/// The service thread's side of a server: libwebsockets calls in, sessions decide, tasks answer through the
/// mailbox. Nothing of it leaves its thread.
final class Service {
  typealias Instant = ContinuousClock.Instant

  let settings: SessionSettings
  let routes: Routes
  let mailbox: Mailbox
  private var connections: [UInt64: Connection] = [:]
  private var counts: [String: Int] = [:]
  private var stopDeadline: Instant?

  init(settings: SessionSettings, routes: Routes, mailbox: Mailbox) {
    self.settings = settings
    self.routes = routes
    self.mailbox = mailbox
  }

  /// Whether the service thread may end.
  var isDone: Bool { stopDeadline != nil && connections.isEmpty }

  // MARK: What libwebsockets reports. A false answer closes the connection.

  /// A connection was accepted and could still be turned away.
  func admits(_ descriptor: CInt) -> Bool {
    guard stopDeadline == nil, connections.count < settings.limits.connections,
      let peer = SocketAddress.peer(of: descriptor)
    else { return false }
    let count = counts[SocketAddress.client(peer.address)] ?? 0
    return count < settings.limits.connectionsPerAddress
  }

  func opened(_ socket: RawSocket) -> Bool {
    guard let peer = socket.peer else { return false }
    socket.sendWithoutDelay()
    let id = ConnectionNumber.next()
    let client = SocketAddress.client(peer.address)
    let session = HTTPSession(settings: settings, peer: peer, at: .now)
    let connection = Connection(id: id, client: client, socket: socket, session: session)
    connections[id] = connection
    counts[client, default: 0] += 1
    socket.identify(id)
    arm(connection)
    return true
  }

  func received(_ bytes: [UInt8], on socket: RawSocket) -> Bool {
    guard let connection = connection(of: socket) else { return false }
    if settings.isSecure { socket.cancelTimeout() }
    switch connection.phase {
    case .http(var session):
      var actions: [HTTPSession.Action] = []
      session.receive(bytes[...], at: .now, into: &actions)
      connection.phase = .http(session)
      perform(actions, connection)
    case .webSocket(var session, let webSocket):
      var actions: [WebSocketSession.Action] = []
      session.receive(bytes[...], at: .now, into: &actions)
      connection.phase = .webSocket(session, webSocket)
      perform(actions, connection)
    case .finishing, .lingering: break
    }
    settle(connection)
    return true
  }

  func timerFired(on socket: RawSocket) -> Bool {
    guard let connection = connection(of: socket) else { return false }
    let now = Instant.now
    connection.armed = nil
    if let stopDeadline, now >= stopDeadline { return false }
    switch connection.phase {
    case .http(var session):
      var actions: [HTTPSession.Action] = []
      session.advance(to: now, date: settings.date(), into: &actions)
      connection.phase = .http(session)
      perform(actions, connection)
    case .webSocket(var session, let webSocket):
      var actions: [WebSocketSession.Action] = []
      session.advance(to: now, into: &actions)
      connection.phase = .webSocket(session, webSocket)
      perform(actions, connection)
    case .finishing, .lingering:
      if let deadline = connection.phaseDeadline, now >= deadline { return false }
    }
    settle(connection)
    return true
  }

  func writable(_ socket: RawSocket) -> Bool {
    guard let connection = connection(of: socket) else { return false }
    let isAlive = write(connection)
    settle(connection)
    return isAlive
  }

  func closed(_ socket: RawSocket) {
    guard let connection = connection(of: socket) else { return }
    connections[connection.id] = nil
    let count = (counts[connection.client] ?? 1) - 1
    counts[connection.client] = count > 0 ? count : nil
    connection.task?.cancel()
    if case .webSocket(var session, let webSocket) = connection.phase {
      var actions: [WebSocketSession.Action] = []
      session.lose(into: &actions)
      for case .closed(let closure) in actions { webSocket.didClose(closure) }
    }
  }

  /// Tasks left commands.
  func nudged() {
    for command in mailbox.take() {
      switch command {
      case .respond(let id, let response): respond(id, response)
      case .send(let id, let frame):
        guard let connection = connections[id],
          case .webSocket = connection.phase
        else { continue }
        connection.queue(frame, isCounted: true)
        connection.socket.callWhenWritable()
      case .close(let id, let code, let reason): close(id, code, reason, dropping: false)
      case .overflow(let id): close(id, .tryAgainLater, "slow client", dropping: true)
      case .resumeReading(let id): resumeReading(id)
      case .stop: stop()
      }
    }
  }

  // MARK: What tasks ask

  private func respond(_ id: UInt64, _ response: HTTPResponse) {
    guard let connection = connections[id],
      case .http(var session) = connection.phase
    else { return }
    var actions: [HTTPSession.Action] = []
    session.respond(response, at: .now, date: settings.date(), into: &actions)
    connection.phase = .http(session)
    connection.task = nil
    perform(actions, connection)
    settle(connection)
  }

  private func close(
    _ id: UInt64, _ code: WebSocketCloseCode, _ reason: String, dropping: Bool
  ) {
    guard let connection = connections[id],
      case .webSocket(var session, let webSocket) = connection.phase
    else { return }
    if dropping { connection.dropUnsent() }
    var actions: [WebSocketSession.Action] = []
    session.close(code, reason, at: .now, into: &actions)
    connection.phase = .webSocket(session, webSocket)
    perform(actions, connection)
    settle(connection)
  }

  private func resumeReading(_ id: UInt64) {
    guard let connection = connections[id],
      case .webSocket(var session, let webSocket) = connection.phase
    else { return }
    connection.isBehind = false
    session.setPaused(false, at: .now)
    connection.phase = .webSocket(session, webSocket)
    settle(connection)
  }

  private func stop() {
    guard stopDeadline == nil else { return }
    stopDeadline = .now + settings.limits.stopTimeout
    for connection in connections.values {
      switch connection.phase {
      case .http(var session):
        var actions: [HTTPSession.Action] = []
        session.drain(at: .now, into: &actions)
        connection.phase = .http(session)
        perform(actions, connection)
      case .webSocket(var session, let webSocket):
        var actions: [WebSocketSession.Action] = []
        session.close(.goingAway, "the server stops", at: .now, into: &actions)
        connection.phase = .webSocket(session, webSocket)
        perform(actions, connection)
      case .finishing, .lingering: break
      }
      settle(connection)
    }
  }

  // MARK: What sessions ask

  private func perform(
    _ actions: [HTTPSession.Action], _ connection: Connection
  ) {
    for action in actions {
      switch action {
      case .send(let bytes): connection.queue(bytes)
      case .handle(let request): handle(request, connection)
      case .upgrade(let request, let rest):
        upgrade(connection, request: request, rest: rest)
      case .finish: finish(connection)
      case .abort: connection.socket.closeSoon()
      }
    }
  }

  private func perform(
    _ actions: [WebSocketSession.Action], _ connection: Connection
  ) {
    guard case .webSocket(_, let webSocket) = connection.phase else { return }
    for action in actions {
      switch action {
      case .send(let bytes): connection.queue(bytes)
      case .deliver(let message):
        guard webSocket.inbox.put(message), !connection.isBehind else { continue }
        connection.isBehind = true
        if case .webSocket(var session, _) = connection.phase {
          session.setPaused(true, at: .now)
          connection.phase = .webSocket(session, webSocket)
        }
      case .closed(let closure): webSocket.didClose(closure)
      case .finish: finish(connection)
      case .abort: connection.socket.closeSoon()
      }
    }
  }

  private func handle(_ request: HTTPRequest, _ connection: Connection) {
    let (id, routes, mailbox) = (connection.id, routes, mailbox)
    connection.task = Task {
      mailbox.post(.respond(id, await routes.respond(to: request)))
    }
  }

  private func upgrade(
    _ connection: Connection, request: HTTPRequest,
    rest: ArraySlice<UInt8>
  ) {
    guard let handler = routes.webSockets[request.path] else {
      return connection.socket.closeSoon()
    }
    let webSocket = WebSocketConnection(
      id: connection.id, request: request, mailbox: mailbox, limits: settings.limits)
    var session = WebSocketSession(limits: settings.limits, at: .now)
    var actions: [WebSocketSession.Action] = []
    session.receive(rest, at: .now, into: &actions)
    connection.phase = .webSocket(session, webSocket)
    Task {
      await handler(webSocket)
      webSocket.close()
    }
    perform(actions, connection)
  }

  private func finish(_ connection: Connection) {
    connection.phase = .finishing
    connection.phaseDeadline = .now + settings.limits.sendTimeout
  }

  // MARK: The socket

  /// Writes while the socket takes it. What libwebsockets could not send of a write it keeps, and while it
  /// does, it neither reads nor sleeps: so reading is switched off until it is rid of it.
  private func write(_ connection: Connection) -> Bool {
    connection.isStuck = false
    var hasWritten = false
    while !connection.socket.isChoked {
      guard let bytes = connection.nextWrite() else {
        allSent(connection)
        return true
      }
      hasWritten = true
      guard connection.socket.write(bytes) else { return false }
    }
    if hasWritten { progressed(connection) }
    connection.isStuck = connection.socket.keepsUnsent
    connection.socket.callWhenWritable()
    return true
  }

  private func progressed(_ connection: Connection) {
    switch connection.phase {
    case .http(var session):
      session.progressed(at: .now)
      connection.phase = .http(session)
    case .finishing: connection.phaseDeadline = .now + settings.limits.sendTimeout
    case .webSocket, .lingering: break
    }
  }

  private func allSent(_ connection: Connection) {
    switch connection.phase {
    case .http(var session):
      var actions: [HTTPSession.Action] = []
      session.sent(at: .now, into: &actions)
      connection.phase = .http(session)
      perform(actions, connection)
    case .finishing:
      // The peer may still be sending: closing now would reset the connection and lose what it was told.
      connection.socket.shutDownSending()
      connection.phase = .lingering
      connection.phaseDeadline = .now + settings.limits.closeTimeout
    case .webSocket, .lingering: break
    }
  }

  /// Brings what libwebsockets watches in line with the connection.
  private func settle(_ connection: Connection) {
    if connection.hasUnsent { connection.socket.callWhenWritable() }
    let reads = connection.wantsInput && !connection.isStuck
    if reads != connection.isReading {
      connection.isReading = reads
      connection.socket.setReading(reads)
    }
    arm(connection)
  }

  private func arm(_ connection: Connection) {
    let deadlines = [connection.deadline, stopDeadline].compactMap { $0 }
    guard let deadline = deadlines.min() else { return }
    if let armed = connection.armed, armed <= deadline { return }
    connection.armed = deadline
    connection.socket.setTimer(deadline - .now)
  }

  private func connection(of socket: RawSocket) -> Connection? {
    connections[socket.number]
  }
}
