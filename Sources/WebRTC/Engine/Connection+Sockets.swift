import ICE
import Net
import Session
import Wire

extension Connection {
  /// Opens a socket on each address that has none, or takes the shared one, and has candidates gathered there.
  ///
  /// A restart comes here too: the machine may be in another network by then.
  func gather(at now: Instant, into outbox: Outbox) {
    let addresses = findAddresses(configuration)
    var bases: [TransportAddress] = []
    if let shared {
      bases = Self.bases(of: shared, addresses)
    } else {
      openSockets(addresses.filter { ip in !sockets.contains { $0.localAddress.ip == ip } })
      bases = sockets.map(\.localAddress)
    }
    session.addBases(
      bases, others: advertised(bases) + streamCandidates(addresses), at: now, into: outbox)
  }

  /// Addresses of a one-to-one translator's outside, with the ports that we have inside.
  private func advertised(_ bases: [TransportAddress]) -> [OwnCandidate] {
    configuration.advertisedAddresses.flatMap { outside in
      bases.filter { $0.ip.family == outside.family }.prefix(1).map { base in
        OwnCandidate(
          ICECandidate(
            address: TransportAddress(ip: outside, port: base.port), localPreference: 60_000,
            foundation: "a\(outside.family.rawValue)"),
          base: base)
      }
    }
  }

  /// TCP candidates (RFC 6544 §5.1): one that opens connections for each address, and the engine's listener.
  private func streamCandidates(_ addresses: [IPAddress]) -> [OwnCandidate] {
    guard configuration.usesTCP else { return [] }
    return addresses.prefix(8).enumerated().flatMap { place, ip -> [OwnCandidate] in
      let preference = UInt16(clamping: 8191 - place)
      // Port 9 stands for one that is not known before the connection is made (§4.5).
      var made = [
        Self.streamCandidate(TransportAddress(ip: ip, port: 9), .active, 6 << 13 | preference)
      ]
      if let port = listenerPort {
        made.append(
          Self.streamCandidate(TransportAddress(ip: ip, port: port), .passive, 4 << 13 | preference)
        )
      }
      return made
    }
  }

  private static func streamCandidate(
    _ address: TransportAddress, _ type: ICECandidate.TCPType, _ preference: UInt16
  ) -> OwnCandidate {
    OwnCandidate(
      ICECandidate(
        address: address, transport: .tcp, localPreference: preference,
        foundation: "t\(type.rawValue)\(address.ip.family.rawValue)", tcpType: type),
      base: address)
  }

  static func usableAddresses(_ configuration: PeerConnection.Configuration) -> [IPAddress] {
    let all = ((try? NetworkInterface.all()) ?? []).filter { interface in
      !interface.ip.isLinkLocal
        && configuration.interfaces.map { $0.contains(interface.name) } ?? true
        && configuration.addressFamilies.map { $0.contains(interface.ip.family) } ?? true
    }
    let outward = all.filter { !$0.isLoopback }
    return (configuration.usesLoopback || outward.isEmpty ? all : outward).map(\.ip)
  }

  private static func bases(
    of socket: UDPSocket, _ addresses: [IPAddress]
  ) -> [TransportAddress] {
    guard socket.localAddress.ip.isUnspecified else { return [socket.localAddress] }
    return addresses.map { TransportAddress(ip: $0, port: socket.localAddress.port) }
  }

  /// An address that will not have a socket is left out: another one may do.
  private func openSockets(_ addresses: [IPAddress]) {
    // A connection's socket carries one conversation: the kernel's usual buffers are enough of a second of it.
    var options = UDPSocket.Options()
    options.receiveBufferSize = 1 << 20
    options.sendBufferSize = 1 << 20
    for ip in addresses {
      guard let socket = open(ip, options) else { continue }
      let descriptor = socket.descriptor
      let isWatched = hub.assumeIsolated { [key] hub in
        (try? hub.watch(descriptor, for: key)) != nil
      }
      guard isWatched else { continue }
      sockets.append(socket)
    }
  }

  private func open(_ ip: IPAddress, _ options: UDPSocket.Options) -> UDPSocket? {
    guard let range = configuration.portRange else {
      return try? UDPSocket(boundTo: TransportAddress(ip: ip, port: 0), options: options)
    }
    for port in range.shuffled() {
      let address = TransportAddress(ip: ip, port: port)
      if let socket = try? UDPSocket(boundTo: address, options: options) { return socket }
    }
    return nil
  }

  // MARK: Datagrams

  /// A descriptor of ours is ready.
  func handle(
    _ readiness: Readiness, of descriptor: Descriptor, slab: inout ReceiveSlab, at now: Instant,
    into outbox: Outbox
  ) {
    if let stream = streams.values.first(where: { $0.connection.descriptor === descriptor }) {
      return handle(readiness, of: stream, at: now, into: outbox)
    }
    guard let socket = sockets.first(where: { $0.descriptor === descriptor }) else {
      return
    }
    slab.removeAll()
    socket.receive(into: &slab)
    for index in 0..<slab.count where slab.byteCount(inSlot: index) > 0 {
      let path = slab.path(ofSlot: index)
      var datagram = slab.slot(index)
      session.receive(&datagram, on: path, at: now, into: outbox)
    }
    slab.removeAll()
  }

  /// Sends everything in the outbox, each by the socket its path names.
  func send(_ outbox: Outbox) {
    if let only = shared ?? (sockets.count == 1 ? sockets[0] : nil), streams.isEmpty,
      outbox.datagrams.allSatisfy({ $0.path.transport == .udp })
    {
      return only.flush(outbox)
    }
    for datagram in outbox.datagrams where datagram.path.transport != .udp {
      sendOnStream(outbox.bytes(of: datagram), by: datagram.path)
    }
    for socket in shared.map({ [$0] }) ?? sockets {
      let part = Outbox(byteCapacity: 0)
      let isShared = socket === shared
      for datagram in outbox.datagrams
      where datagram.path.transport == .udp
        && (isShared || datagram.path.local == socket.localAddress)
      {
        part.append(
          outbox.arena.span.extracting(datagram.offset..<datagram.offset + datagram.count),
          on: datagram.path)
      }
      socket.flush(part)
    }
  }
}
