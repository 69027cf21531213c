import STUN
import TURN
import Wire

/// TCP allocations by hand (RFC 6062).
extension HandmadeClient {
  mutating func allocateTCP(
    _ write: (inout OutputSpan<UInt8>, STUNTransactionID) -> Void = { _, _ in }
  ) -> UInt16? {
    if nonce.isEmpty { _ = code(request(.refresh) { _, _ in }) }
    return code(
      request(.allocate) { output, id in
        output.appendSTUNRequestedTransportTCP()
        write(&output, id)
      })
  }

  /// The answer to Connect, nil as long as the owner has not told how it went.
  mutating func connect(to peer: TransportAddress) -> UInt16? {
    code(
      request(.connect) { output, id in output.appendSTUN(.xorPeerAddress, xor: peer, id) })
  }

  mutating func bindConnection(_ number: UInt32) -> UInt16? {
    let bind = { (output: inout OutputSpan<UInt8>, _: STUNTransactionID) in
      output.appendSTUN(.connectionID, number)
    }
    if nonce.isEmpty { _ = code(request(.connectionBind, bind)) }
    return code(request(.connectionBind, bind))
  }

  /// Tells how the last wish for a connection went; the messages that the client got.
  mutating func finishConnecting(succeeds: Bool) -> [[UInt8]] {
    for case .openPeerConnection(let id, _, _) in events.reversed() {
      server.peerConnectionOpened(
        id, succeeded: succeeds, at: now, into: outbox, events: &events)
      break
    }
    defer { outbox.removeAll() }
    return outbox.datagrams.filter { $0.path == path }.map { outbox.bytes(of: $0) }
  }

  /// Has a peer connect; its connection and the messages that the client got.
  mutating func accept(
    from peer: TransportAddress, at relayed: TransportAddress
  ) -> (TURNServer.ConnectionID?, [[UInt8]]) {
    let id = server.peerConnected(from: peer, to: relayed, at: now, into: outbox)
    defer { outbox.removeAll() }
    return (id, outbox.datagrams.filter { $0.path == path }.map { outbox.bytes(of: $0) })
  }

  /// The number of the last wish for a connection.
  var wantedConnection: TURNServer.ConnectionID? {
    for case .openPeerConnection(let id, _, _) in events.reversed() { return id }
    return nil
  }

  var closedConnections: [TURNServer.ConnectionID] {
    events.compactMap { if case .closePeerConnection(let id) = $0 { id } else { nil } }
  }
}
