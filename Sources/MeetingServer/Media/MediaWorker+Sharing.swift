import ICE
import Net
import Peer
import SFU
import Wire

// One port for all workers (docs/design/one-port.md). The kernel chooses the socket, and so the worker, by a
// datagram's addresses; a peer is with the worker of its room. A connectivity check says in its user name for
// whom it is, and goes there. Once the owner knows that the check is authentic it tells the reader of the path, and
// from then on all that comes by it follows.
extension MediaWorker {
  /// The configured port, or a free one for 0, which nobody else has.
  static func freePort(_ configuration: MediaConfiguration) throws(SystemError) -> UInt16 {
    try socket(configuration, sharesPort: false).localAddress.port
  }

  /// One of the sockets of the one port.
  static func socket(
    _ configuration: MediaConfiguration, sharesPort: Bool
  ) throws(SystemError) -> UDPSocket {
    var options = UDPSocket.Options()
    options.tracksLocalAddress = configuration.host == nil
    options.sharesPort = sharesPort
    if let host = configuration.host {
      return try UDPSocket(
        boundTo: TransportAddress(ip: host, port: configuration.port), options: options)
    }
    return try UDPSocket.onAllInterfaces(port: configuration.port, options: options)
  }

  /// Credentials that tell the other workers whose they are.
  func makeCredentials() -> ICECredentials {
    ICECredentials.random(marked: index, using: &random)
  }

  /// The worker that the datagram in a slot is for, as far as that can be told.
  func owner(ofSlot slot: Int) -> Int? {
    if let fragment = RemotePeer.localUsernameFragment(ofCheck: slab.datagram(slot)) {
      return ICECredentials.mark(of: fragment)
    }
    return routes.isEmpty ? nil : routes.worker(of: slab.path(ofSlot: slot))
  }

  /// Gives those of the newest datagrams away that are for other workers.
  func handOver(from first: Int) {
    var isAny = false
    for slot in first..<slab.count where slab.byteCount(inSlot: slot) > 0 {
      guard let worker = owner(ofSlot: slot), inboxes.indices.contains(worker), worker != index
      else { continue }
      strays[worker].append(slot)
      isAny = true
    }
    guard isAny else { return }
    for (worker, slots) in strays.enumerated() where !slots.isEmpty {
      handedOverCount &+= UInt64(slots.count)
      inboxes[worker].datagrams.put(slots, of: slab, reader: index)
      for slot in slots { slab.drop(slot) }
      strays[worker].removeAll(keepingCapacity: true)
    }
  }

  /// Tells another worker that the peer on a path is with this one.
  func tell(_ reader: Int, of path: Path) {
    guard inboxes.indices.contains(reader) else { return }
    inboxes[reader].tell(path, worker: index)
  }

  /// Takes what owners have told of paths.
  func learnRoutes(at now: Instant) {
    for (path, worker) in inbox.takeTold() { routes.learn(path, worker: worker, at: now) }
  }

  /// Takes the datagrams that other workers have read for this one, as if its own socket had.
  func takeArrivals(at now: Instant) {
    if takenArrivals == arrivals.count {
      inbox.datagrams.take(&arrivals)
      takenArrivals = 0
    }
    while takenArrivals < arrivals.count {
      let first = slab.count
      if batchBegunAt == nil { batchBegunAt = now }
      let firstTaken = takenArrivals
      while takenArrivals < arrivals.count, arrivals.copy(takenArrivals, into: &slab) {
        takenArrivals += 1
      }
      hasReceived = true
      let checks = checks(from: first, firstTaken)
      Self.take(
        &slab, from: first, by: forwarder, or: clockPeers, or: inquiry, or: door, at: now,
        into: outbox, events: &pendingEvents)
      for (path, reader) in checks where forwarder.isPeer(on: path) || clockPeers.isPeer(on: path) {
        tell(reader, of: path)
      }
      if takenArrivals < arrivals.count { forward(at: now) }
    }
  }

  /// The paths of connectivity checks among the newest datagrams, and who read them.
  private func checks(from first: Int, _ firstTaken: Int) -> [(path: Path, reader: Int)] {
    (first..<slab.count).compactMap { slot in
      guard RemotePeer.localUsernameFragment(ofCheck: slab.datagram(slot)) != nil else {
        return nil
      }
      return (slab.path(ofSlot: slot), arrivals.reader(of: firstTaken + slot - first))
    }
  }
}
