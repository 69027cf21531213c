extension Service {
  /// Does what tasks asked since the last time.
  func nudged() {
    for command in mailbox.take() {
      switch command {
      case .respond(let id, let response): respond(id, response)
      case .send(let id, let frame): send(id, frame)
      case .close(let id, let code, let reason): close(id, code, reason)
      case .overflow(let id):
        // Who does not read does not get what is waiting either, only why.
        connections[id]?.dropMessages()
        close(id, .tryAgainLater, "slow client")
      case .resumeReading(let id): resumeReading(id)
      case .setReading(let id, let reads):
        guard let connection = connections[id], connection.stream != nil else { continue }
        connection.isBehind = !reads
        settle(connection)
      case .endStream(let id):
        if let connection = connections[id] { endStream(connection) }
      case .stop: stop()
      }
    }
  }

  private func respond(_ id: UInt64, _ response: HTTPResponse) {
    guard let connection = connections[id] else { return }
    connection.task = nil
    changeHTTP(connection) { $0.respond(response, at: .now, into: &$1) }
  }

  private func send(_ id: UInt64, _ frame: [UInt8]) {
    guard let connection = connections[id],
      connection.stream != nil || connection.webSocketSession?.isOpen == true
    else { return }
    connection.queue(frame, isCounted: true)
    connection.socket.callWhenWritable()
  }

  private func close(_ id: UInt64, _ code: WebSocketCloseCode, _ reason: String) {
    guard let connection = connections[id] else { return }
    changeWebSocket(connection) { $0.close(code, reason, at: .now, into: &$1) }
  }

  private func resumeReading(_ id: UInt64) {
    guard let connection = connections[id] else { return }
    connection.isBehind = false
    changeWebSocket(connection) { session, _ in session.setPaused(false, at: .now) }
  }

  private func stop() {
    guard stopDeadline == nil else { return }
    stopDeadline = .now + settings.limits.stopTimeout
    for connection in connections.values {
      changeHTTP(connection) { $0.drain(at: .now, into: &$1) }
      changeWebSocket(connection) {
        $0.close(.goingAway, "the server stops", at: .now, into: &$1)
      }
      endStream(connection)
      settle(connection)
    }
  }
}
