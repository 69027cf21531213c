import Net
import TURN
import Wire

extension RelayServer {
  /// Carries out what the machine asks for, and what that leads to.
  func perform(_ now: Instant) {
    // Places in the outbox hold until it is sent, which closing a socket does.
    for case .forbidFragmentation(let datagram) in events { unfragmented.append(datagram) }
    var index = 0
    while index < events.count {
      switch events[index] {
      case .openRelay(let id, let wish):
        machine.relayOpened(id, at: open(wish, for: id), now: now, into: outbox, events: &events)
      case .closeRelay(let id, let address): close(address, of: id)
      case .forbidFragmentation, .allocated: break
      case .openPeerConnection(let id, let local, let peer):
        openPeerConnection(id, from: local, to: peer, now)
      case .joinConnection(let id, let path): join(id, path, now)
      case .closePeerConnection(let id): close(id, now)
      }
      index += 1
    }
    events.removeAll(keepingCapacity: true)
  }

  /// Binds sockets and tells what could be had.
  private func open(
    _ wish: TURNServer.RelayWish, for id: TURNServer.AllocationID
  ) -> [TransportAddress] {
    if wish.transport == .tcp {
      return ports.hosts.filter { wish.families.contains($0.family) }
        .compactMap { openListener($0, for: id) }
    }
    return wish.families.flatMap { family in
      ports.open(family, wish.port).compactMap { socket in add(socket, for: id) }
    }
  }

  private func add(
    _ socket: UDPSocket, for id: TURNServer.AllocationID
  ) -> TransportAddress? {
    let bound = socket.localAddress
    let address = TransportAddress(ip: ports.name(of: bound.ip), port: bound.port)
    let relay = DatagramPort(socket, at: address, for: id)
    do throws(SystemError) { try watch(socket.descriptor, as: .relay(relay)) } catch { return nil }
    relays[address] = relay
    if address != bound { boundRelays.insert(bound) }
    return address
  }

  private func close(_ address: TransportAddress, of id: TURNServer.AllocationID) {
    if let listener = relayListeners[address], listener.allocation == id {
      relayListeners[address] = nil
      return unwatch(listener.listener.descriptor)
    }
    guard let relay = relays[address], relay.allocation == id else { return }
    // What was to leave by it does so first.
    flush()
    relays[address] = nil
    boundRelays.remove(relay.socket.localAddress)
    closedSockets.add(relay.socket.statistics)
    unwatch(relay.socket.descriptor)
  }
}
