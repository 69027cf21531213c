import Net
import STUN
import TURN
import Wire

extension RelayServer {
  /// How often one socket fills the slab before others get their turn.
  private static let slabsPerTurn = 4

  func readClients(_ port: DatagramPort, _ now: Instant) {
    for _ in 0..<Self.slabsPerTurn {
      port.socket.receive(into: &slab)
      Self.take(&slab, by: machine, now, outbox, &events)
      let isDrained = !slab.isFull
      slab.removeAll()
      if isDrained { return }
    }
  }

  private static func take(
    _ slab: inout ReceiveSlab, by machine: TURNServer, _ now: Instant, _ outbox: Outbox,
    _ events: inout [TURNServer.Event]
  ) {
    for index in 0..<slab.count where slab.byteCount(inSlot: index) > 0 {
      let path = slab.path(ofSlot: index)
      let datagram = slab.slot(index)
      machine.receive(datagram.span, on: path, at: now, into: outbox, events: &events)
    }
  }

  func readPeers(_ port: DatagramPort, _ now: Instant) {
    for _ in 0..<Self.slabsPerTurn {
      port.socket.receive(into: &slab)
      Self.takeRelayed(&slab, at: port.address, by: machine, now, outbox)
      let isDrained = !slab.isFull
      slab.removeAll()
      if isDrained { return }
    }
  }

  private static func takeRelayed(
    _ slab: inout ReceiveSlab, at address: TransportAddress, by machine: TURNServer, _ now: Instant,
    _ outbox: Outbox
  ) {
    for index in 0..<slab.count where slab.byteCount(inSlot: index) > 0 {
      let remote = slab.path(ofSlot: index).remote
      let datagram = slab.slot(index)
      machine.receiveRelayed(datagram.span, at: address, from: remote, at: now, into: outbox)
    }
  }

  func readFailures(_ port: DatagramPort, _ now: Instant) {
    for _ in 0..<16 {
      guard let failure = port.socket.takeFailure() else { return }
      machine.relayFailed(
        STUNICMPError(type: failure.type, code: UInt16(failure.code)), at: port.address,
        to: failure.remote, at: now, into: outbox)
    }
  }

  /// Reads what was left at the doors.
  ///
  /// What comes from a relayed address is no client's: datagrams could go round from one relay to the next.
  func takeMail(_ now: Instant) {
    signal.clear()
    for (door, listener) in zip(doors, listeners.dropFirst(addresses.count)) {
      door.take(&mail)
      for (range, path) in mail.datagrams {
        guard relays[path.remote] == nil, !boundRelays.contains(path.remote) else { continue }
        listener.socket.learnSource(path.local.ip)
        machine.receive(
          mail.bytes.span.extracting(range), on: path, at: now, into: outbox, events: &events)
      }
      mail.removeAll()
    }
  }
}
