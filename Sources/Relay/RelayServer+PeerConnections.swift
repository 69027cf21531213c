import Net
import TURN
import Wire

/// TCP allocations (RFC 6062).
extension RelayServer {
  /// What may wait for one side before the other is left unread.
  private static let highWater = 32 << 10
  /// How often a client that somebody else writes to is asked whether it has taken what waited.
  private static let lookInterval = Duration.milliseconds(20)

  /// Where somebody else reads the client, what was read before it was told to stop comes still.
  private static var options: TCPConnection.Options {
    var options = TCPConnection.Options()
    options.sharesPort = true
    options.maximumQueuedBytes = 64 << 10 + 2 * StreamMailbox.maximumBytes
    return options
  }

  func openListener(_ host: IPAddress, for id: TURNServer.AllocationID) -> TransportAddress? {
    for _ in 0..<ports.attempts {
      let wanted = TransportAddress(ip: host, port: ports.candidate())
      guard let listener = try? TCPListener(boundTo: wanted, options: Self.options) else {
        continue
      }
      let relay = RelayListener(listener, named: ports.name(of: host), for: id)
      do throws(SystemError) {
        try watch(listener.descriptor, as: .relayListener(relay))
      } catch {
        return nil
      }
      relayListeners[relay.address] = relay
      return relay.address
    }
    return nil
  }

  func openPeerConnection(
    _ id: TURNServer.ConnectionID, from named: TransportAddress, to peer: TransportAddress,
    _ now: Instant
  ) {
    let local = relayListeners[named]?.listener.localAddress
    guard let local,
      let connection = try? TCPConnection(to: peer, from: local, options: Self.options),
      add(PeerLink(id, connection, isTold: false))
    else {
      return machine.peerConnectionOpened(
        id, succeeded: false, at: now, into: outbox, events: &events)
    }
  }

  private func add(_ link: PeerLink) -> Bool {
    do throws(SystemError) { try link.connection.attach(to: self) } catch { return false }
    watched[ObjectIdentifier(link.connection.descriptor)] = .peer(link)
    links[link.id] = link
    // What the peer says waits in the system until somebody hears it.
    if link.isTold { link.connection.isReadingPaused = true }
    return true
  }

  func acceptPeers(_ relay: RelayListener, _ now: Instant) {
    relay.listener.accept { connection in
      guard
        let id = machine.peerConnected(
          from: connection.remoteAddress, to: relay.address, at: now, into: outbox)
      else { return connection.close() }
      if !add(PeerLink(id, connection, isTold: true)) {
        connection.close()
        machine.peerConnectionClosed(id)
      }
    }
  }

  func read(_ link: PeerLink, _ readiness: Readiness, _ now: Instant) {
    if link.closesAt != nil { return goOnFinishing(link, readiness) }
    var isBroken = false
    link.connection.handle(readiness) { bytes in
      guard let client = link.client, !isBroken else { return }
      let piece = [UInt8](capacity: bytes.count) { $0.append(copying: bytes) }
      if !client.write(piece) { isBroken = true }
      if client.queuedByteCount > Self.highWater { link.connection.isReadingPaused = true }
      pause(
        link, for: machine.connectionCarried(link.id, toPeer: 0, toClient: bytes.count, at: now),
        now)
    }
    resumeIfDrained(link, now)
    let isOver = isBroken || link.connection.phase.isOver || link.connection.phase == .ended
    if !link.isTold, link.connection.phase != .connecting {
      link.isTold = true
      link.connection.isReadingPaused = true
      machine.peerConnectionOpened(
        link.id, succeeded: !isOver, at: now, into: outbox, events: &events)
      if isOver { close(link, now) }
    } else if isOver {
      close(link, now)
      machine.peerConnectionClosed(link.id)
    }
  }

  /// Passes on what a joined client sent. False where the peer's end is lost.
  func carry(
    _ bytes: Span<UInt8>, from client: StreamClient, over link: PeerLink, _ now: Instant
  ) -> Bool {
    guard link.connection.write(bytes) else { return false }
    if link.connection.queuedByteCount > Self.highWater { client.setPaused(true) }
    pause(
      link, for: machine.connectionCarried(link.id, toPeer: bytes.count, toClient: 0, at: now), now)
    return true
  }

  private func pause(_ link: PeerLink, for duration: Duration, _ now: Instant) {
    guard duration > .zero else { return }
    link.pausedUntil = now + duration
    pausedLinks[link.id] = link
    link.connection.isReadingPaused = true
    link.client?.setPaused(true)
  }

  /// Reads on once the other side has taken what waited for it.
  func resumeIfDrained(_ link: PeerLink, _ now: Instant) {
    guard let client = link.client, link.pausedUntil == nil else { return }
    if link.connection.queuedByteCount <= Self.highWater / 2 { client.setPaused(false) }
    if client.queuedByteCount <= Self.highWater / 2 {
      link.connection.isReadingPaused = false
    } else if link.connection.isReadingPaused, case .handed = client.carrier {
      link.pausedUntil = now + Self.lookInterval
      pausedLinks[link.id] = link
    }
  }

  /// Reads those on that were paused for long enough; tells when the next is.
  func resumePaused(_ now: Instant) -> Instant? {
    guard !pausedLinks.isEmpty else { return nil }
    for (id, link) in pausedLinks {
      guard let until = link.pausedUntil, until <= now else { continue }
      link.pausedUntil = nil
      pausedLinks[id] = nil
      resumeIfDrained(link, now)
    }
    return pausedLinks.values.compactMap(\.pausedUntil).min()
  }

  func join(_ id: TURNServer.ConnectionID, _ path: Path, _ now: Instant) {
    guard let link = links[id], let client = clients[path] else { return }
    // The client's answer comes before anything of the peer.
    flush()
    link.client = client
    client.link = link
    link.connection.isReadingPaused = false
  }

  func close(_ id: TURNServer.ConnectionID, _ now: Instant) {
    if let link = links[id] { close(link, now) }
  }

  /// Ends a connection with a peer and the client's that it was joined with. What either has sent before is the other's.
  private func close(_ link: PeerLink, _ now: Instant) {
    links[link.id] = nil
    pausedLinks[link.id] = nil
    finish(link, now)
    guard let client = link.client, clients[client.path] === client else { return }
    link.client = nil
    guard case .own(let connection) = client.carrier, connection.phase == .open else {
      client.close()
      return forget(client)
    }
    // Its own end, or time, closes the rest.
    client.isFinishing = true
    client.uselessSince = now
    client.setPaused(false)
    connection.finish()
  }
}

/// A relayed address that peers connect to.
final class RelayListener {
  let listener: TCPListener
  let address: TransportAddress
  let allocation: TURNServer.AllocationID

  init(_ listener: TCPListener, named host: IPAddress, for allocation: TURNServer.AllocationID) {
    self.listener = listener
    address = TransportAddress(ip: host, port: listener.localAddress.port)
    self.allocation = allocation
  }
}
