extension Service {
  /// Lets a connection's HTTP session change, does what it asks, and looks at the connection anew. Nothing
  /// happens to a connection that does not speak HTTP now.
  func changeHTTP(
    _ connection: Connection, _ change: (inout HTTPSession, inout [HTTPSession.Action]) -> Void
  ) {
    guard let actions = connection.http?.actions(of: change) else { return }
    for action in actions { perform(action, connection) }
    if connections[connection.id] != nil { settle(connection) }
  }

  /// As `changeHTTP`, for a WebSocket.
  func changeWebSocket(
    _ connection: Connection,
    _ change: (inout WebSocketSession, inout [WebSocketSession.Action]) -> Void
  ) {
    guard let actions = connection.webSocketSession?.actions(of: change) else { return }
    for action in actions { perform(action, connection) }
    if connections[connection.id] != nil { settle(connection) }
  }

  private func perform(_ action: HTTPSession.Action, _ connection: Connection) {
    switch action {
    case .send(let bytes): connection.queue(bytes)
    case .handle(let request):
      let (id, routes, mailbox) = (connection.id, routes, mailbox)
      connection.task = Task { mailbox.post(.respond(id, await routes.respond(to: request))) }
    case .upgrade(let request, let rest): upgrade(connection, request, rest: rest)
    case .finish: connection.end(.finishing, by: .now + settings.limits.sendTimeout)
    case .abort: connection.socket.closeSoon()
    }
  }

  private func perform(_ action: WebSocketSession.Action, _ connection: Connection) {
    switch action {
    case .send(let bytes): connection.queue(bytes)
    case .deliver(let message):
      guard connection.webSocket?.inbox.put(message) == true, !connection.isBehind else { break }
      connection.isBehind = true
      connection.webSocketSession?.setPaused(true, at: .now)
    case .closed(let closure): connection.webSocket?.didClose(closure)
    case .finish: connection.end(.finishing, by: .now + settings.limits.sendTimeout)
    case .abort: connection.socket.closeSoon()
    }
  }

  private func upgrade(
    _ connection: Connection, _ request: HTTPRequest, rest: ArraySlice<UInt8>
  ) {
    guard let handler = routes.webSockets[request.path] else {
      return connection.socket.closeSoon()
    }
    let webSocket = WebSocketConnection(
      id: connection.id, request: request, mailbox: mailbox, limits: settings.limits)
    connection.http = nil
    connection.webSocket = webSocket
    connection.webSocketSession = WebSocketSession(limits: settings.limits, at: .now)
    Task {
      await handler(webSocket)
      webSocket.close()
    }
    changeWebSocket(connection) { $0.receive(rest, at: .now, into: &$1) }
  }
}

extension HTTPSession {
  /// What a change asks for.
  fileprivate mutating func actions(of change: (inout Self, inout [Action]) -> Void) -> [Action] {
    var actions: [Action] = []
    change(&self, &actions)
    return actions
  }
}

extension WebSocketSession {
  /// What a change asks for.
  fileprivate mutating func actions(of change: (inout Self, inout [Action]) -> Void) -> [Action] {
    var actions: [Action] = []
    change(&self, &actions)
    return actions
  }
}
