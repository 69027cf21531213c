extension Service {
  /// Something of a connection that waited has come, or its end. It always ends as a connection that waits: to be
  /// served as another, or altogether.
  func begun(_ socket: RawSocket) -> Bool {
    guard let connection = connections[socket.number], let threshold else { return false }
    switch socket.look() {
    case .nothing: return true
    case .end: return false
    case .byte(let first):
      connection.isSecure = first == Threshold.handshake
      // Its end is no longer the connection's.
      socket.identify(0)
      passing = connection
      let isPassed = threshold.pass(socket.descriptor, withTLS: connection.isSecure)
      passing = nil
      if !isPassed { forget(connection.id) }
      return false
    }
  }

  /// The connection that passes the threshold goes on with another socket.
  func settle(_ connection: Connection, on socket: RawSocket) -> Bool {
    connection.socket = socket
    connection.armed = nil
    socket.identify(connection.id)
    settle(connection)
    return true
  }
}
