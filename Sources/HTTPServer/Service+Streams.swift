extension Service {
  /// The first bytes of a connection decide whose it is. False to close it.
  func begin(_ connection: Connection, _ beginning: [UInt8], with bytes: [UInt8]) -> Bool {
    let beginning = beginning.isEmpty ? bytes : beginning + bytes
    switch routes.streams.choose(beginning[...]) {
    case .moreNeeded:
      connection.beginning = beginning
    case .http:
      if connection.isSecure != settings.isSecure {
        guard routes.plainHandler != nil, let peer = connection.socket.peer else { return false }
        connection.http = HTTPSession(settings: plainSettings, peer: peer, at: .now)
      }
      connection.beginning = nil
      changeHTTP(connection) { $0.receive(beginning[...], at: .now, into: &$1) }
    case .service(let service):
      connection.beginning = nil
      guard let peer = connection.socket.peer, let local = connection.socket.local else {
        return false
      }
      let stream = ByteStream(
        id: connection.id, local: local, peer: peer, isSecure: connection.isSecure,
        mailbox: mailbox,
        limit: service.sendQueueBytes)
      connection.socket.limitUnsent(to: 2 * SendQueue.streamWriteSize)
      connection.http = nil
      connection.stream = StreamSession(stream, service, at: .now)
      deliver(beginning, on: connection)
    }
    return true
  }

  func deliver(_ bytes: [UInt8], on connection: Connection) {
    guard let session = connection.stream else { return }
    connection.stream?.heard(at: .now)
    session.receiver.received(bytes, on: session.stream)
    settle(connection)
  }

  /// Ends a stream once all is sent.
  func endStream(_ connection: Connection) {
    guard let session = connection.stream else { return }
    connection.end(.finishing, by: .now + settings.limits.sendTimeout)
    tellEnd(of: session)
    settle(connection)
  }

  /// Tells a stream's owner that it is over.
  func tellEnd(of session: StreamSession) {
    session.stream.didEnd()
    session.receiver.ended(session.stream)
  }
}
