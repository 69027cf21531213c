import Net
import Peer
import Session
import Wire

/// Many connections on one socket.
extension Hub {
  func receiveShared(_ socket: UDPSocket, at now: Instant) {
    slab.removeAll()
    socket.receive(into: &slab)
    for index in 0..<slab.count where slab.byteCount(inSlot: index) > 0 {
      let path = slab.path(ofSlot: index)
      guard let connection = recipient(on: path, slot: index) else { continue }
      touched.insert(connection.key)
      var datagram = slab.slot(index)
      connection.session.receive(&datagram, on: path, at: now, into: outbox)
      flush(connection)
    }
    slab.removeAll()
  }

  /// A check tells by the name it calls us by, an answer by its request, everything else by its path.
  private func recipient(on path: Path, slot index: Int) -> Connection? {
    let (name, transaction) = slab.withSlot(index) { datagram in
      let bytes = datagram.span
      return (
        RemotePeer.localUsernameFragment(ofCheck: bytes),
        OpenRequests.transaction(of: bytes, isAnswer: true)
      )
    }
    if let name { return names[name].flatMap { connections[$0] } }
    let key = transaction.flatMap { requests[$0] } ?? paths[path]
    return key.flatMap { connections[$0] }
  }

  /// An address that another connection uses changes hands only once it has answered: a check alone may have a
  /// forged source.
  func take(_ path: Path, for key: ConnectionKey) {
    if let holder = paths[path], holder != key,
      connections[holder]?.session.selectedPath == path,
      connections[key]?.session.selectedPath != path
    {
      return
    }
    paths[path] = key
  }

  /// Remembers whose the requests in an outbox are.
  func noteRequests(in outbox: Outbox, of key: ConnectionKey) {
    let arena = outbox.arena
    let bytes = arena.span
    for datagram in outbox.datagrams {
      let end = datagram.offset + datagram.count
      let id = OpenRequests.transaction(
        of: bytes.extracting(datagram.offset..<end), isAnswer: false)
      if let id { requests.add(id, of: key) }
    }
  }
}
