import ICE
import Net
import Session
import Wire

/// Looks up `.local` names for all connections of an engine (RFC 6762). Sockets are open only while something is asked.
final class LocalNames {
  /// Who waits for a name, as it stood in the candidate.
  struct Asker {
    let key: ConnectionKey
    let name: String
  }

  private(set) var resolver: MDNSResolver
  let sockets: [UDPSocket]
  private var askers: [MDNSName: [Asker]] = [:]

  /// Sockets in the groups of every interface; nil where there is none.
  init?() {
    let interfaces = ((try? NetworkInterface.all()) ?? []).filter { !$0.isPointToPoint }
    var sockets: [UDPSocket] = []
    var paths: [Path] = []
    for group in MDNSResolver.groups {
      var done: Set<String> = []
      for interface in interfaces
      where interface.ip.family == group.ip.family && done.insert(interface.name).inserted {
        guard let socket = try? UDPSocket(multicastGroup: group, on: interface) else { continue }
        sockets.append(socket)
        paths.append(Path(local: socket.localAddress, remote: group))
      }
    }
    guard !sockets.isEmpty else { return nil }
    self.sockets = sockets
    resolver = MDNSResolver(paths: paths)
  }

  var deadline: Instant? { resolver.deadline }
  var isIdle: Bool { askers.isEmpty }

  /// Asks; false where too much is asked already.
  func ask(_ name: MDNSName, for asker: Asker, at now: Instant) -> Bool {
    let outbox = Outbox(byteCapacity: 0)
    guard resolver.resolve(name, at: now, into: outbox) else { return false }
    askers[name, default: []].append(asker)
    send(outbox)
    return true
  }

  /// Takes what has come to one of the sockets; returns who has an answer.
  func receive(
    from socket: UDPSocket, slab: inout ReceiveSlab, at now: Instant
  ) -> [(Asker, IPAddress?)] {
    var events: [MDNSResolver.Event] = []
    slab.removeAll()
    socket.receive(into: &slab)
    for index in 0..<slab.count where slab.byteCount(inSlot: index) > 0 {
      let path = slab.path(ofSlot: index)
      slab.withSlot(index) { datagram in
        resolver.receive(datagram.span, on: path, at: now, events: &events)
      }
    }
    slab.removeAll()
    return answers(events)
  }

  /// Repeats questions and gives up.
  func advance(to now: Instant) -> [(Asker, IPAddress?)] {
    let outbox = Outbox(byteCapacity: 0)
    var events: [MDNSResolver.Event] = []
    resolver.advance(to: now, into: outbox, events: &events)
    send(outbox)
    return answers(events)
  }

  private func answers(_ events: [MDNSResolver.Event]) -> [(Asker, IPAddress?)] {
    events.flatMap { event -> [(Asker, IPAddress?)] in
      switch event {
      case .resolved(let name, let address):
        (askers.removeValue(forKey: name) ?? []).map { ($0, address) }
      case .failed(let name): (askers.removeValue(forKey: name) ?? []).map { ($0, nil) }
      }
    }
  }

  /// Sockets of one family have the same address: the paths are in the order of the sockets.
  private func send(_ outbox: Outbox) {
    guard !outbox.isEmpty else { return }
    for (index, datagram) in outbox.datagrams.enumerated() {
      let part = Outbox(byteCapacity: 0)
      let end = datagram.offset + datagram.count
      part.append(outbox.arena.span.extracting(datagram.offset..<end), on: datagram.path)
      sockets[index % sockets.count].flush(part)
    }
  }
}

extension Hub {
  /// Looks up a name for a connection; false where it cannot be asked for.
  func resolve(_ text: String, for key: ConnectionKey, at now: Instant) -> Bool {
    guard let name = MDNSName(text) else { return false }
    if localNames == nil {
      localNames = LocalNames()
      for socket in localNames?.sockets ?? [] { try? loop.watch(socket.descriptor, handler: self) }
    }
    return localNames?.ask(name, for: LocalNames.Asker(key: key, name: text), at: now) ?? false
  }

  func receiveNames(_ readiness: Readiness, of descriptor: Descriptor, at now: Instant) {
    guard let localNames,
      let socket = localNames.sockets.first(where: { $0.descriptor === descriptor })
    else { return }
    tell(localNames.receive(from: socket, slab: &slab, at: now), at: now)
  }

  func advanceNames(to now: Instant) {
    guard let localNames else { return }
    if let due = localNames.deadline, due <= now { tell(localNames.advance(to: now), at: now) }
    guard localNames.isIdle else { return }
    for socket in localNames.sockets { loop.unwatch(socket.descriptor) }
    self.localNames = nil
  }

  private func tell(_ answers: [(LocalNames.Asker, IPAddress?)], at now: Instant) {
    for (asker, address) in answers {
      guard let connection = connections[asker.key] else { continue }
      connection.session.resolved(asker.name, to: address, at: now, into: outbox)
      touched.insert(asker.key)
      flush(connection)
    }
  }
}
