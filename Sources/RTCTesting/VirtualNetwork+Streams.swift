import Wire

/// Connections as ICE makes them over TCP (RFC 6544): from port 9, which stands for any port, to a port
/// where a node is attached. The first packet opens one; whoever accepted it answers on the path it came
/// by, and both sides hear when it breaks.
///
/// Everything arrives, in order and in the pieces in which it was sent. While a link is down, what is
/// sent waits. Streams between two ports that nodes are attached to need no connection: see `send`.
extension VirtualNetwork {
  private static let anyPort: UInt16 = 9

  /// A node's end of a connection.
  struct StreamKey: Hashable {
    let node: Int
    let path: Path
  }

  struct StreamEnd {
    /// The other end.
    let peer: StreamKey
    /// What travels towards the other end.
    var underWay: [[UInt8]] = []
    var lastArrival = Instant.zero
  }

  /// Breaks every connection of a host. Both sides hear of it at once.
  public func breakConnections(of host: Host) {
    var broken = streams.filter { nodes[$0.key.node].host == host.index }
      .flatMap { [$0.key, $0.value.peer] }
    // In an order of its own, for a dictionary has none.
    broken.sort { ($0.node, "\($0.path)") < ($1.node, "\($1.path)") }
    for key in broken where streams.removeValue(forKey: key) != nil {
      queue.push(.streamFailure(key), at: now)
    }
  }

  /// Something leaves a node; false where it does not go by a connection.
  func sendInStream(_ bytes: [UInt8], by path: Path, from node: Int) -> Bool {
    let key = StreamKey(node: node, path: path)
    guard path.transport != .udp, streams[key] != nil || path.local.port == Self.anyPort else {
      return false
    }
    let host = nodes[node].host
    guard hosts[host].isAlive, drops?(path, bytes) != true else { return true }
    if streams[key] == nil, !connect(key) {
      let roundTrip = hosts[host].outgoing.conditions.delay * 2
      queue.push(.streamFailure(key), at: now + roundTrip)
    }
    guard var end = streams[key] else { return true }
    let byteCount = bytes.count + 40
    let left = Self.arrival(hosts[host].outgoing.send(byteCount, path.transport, at: now)) ?? now
    let target = nodes[end.peer.node].host
    let arrived =
      Self.arrival(hosts[target].incoming.send(byteCount, path.transport, at: left)) ?? left
    end.underWay.append(bytes)
    end.lastArrival = max(end.lastArrival, arrived)
    streams[key] = end
    queue.push(.streamDelivery(key), at: end.lastArrival)
    return true
  }

  private static func arrival(_ outcome: Link.Outcome) -> Instant? {
    if case .arrivals(let arrivals) = outcome { arrivals.first?.time } else { nil }
  }

  /// Opens a connection; false where nobody accepts it.
  private func connect(_ key: StreamKey) -> Bool {
    let host = nodes[key.node].host
    let family = key.path.remote.ip.family
    let chosen =
      key.path.local.ip.isUnspecified
      ? hosts[host].addresses.first { $0.family == family } : key.path.local.ip
    guard let ip = chosen, hosts[host].addresses.contains(ip) else { return false }
    var source = TransportAddress(ip: ip, port: nextStreamPort)
    nextStreamPort = nextStreamPort == .max ? 40_000 : nextStreamPort + 1
    var destination = key.path.remote
    let nat = hosts[host].nat
    var target = localHost(destination.ip, behind: nat)
    if let nat, target == nil {
      source = boxes[nat].translate(source, of: host, to: destination, at: now)
      target = localHost(destination.ip, behind: nil)
    }
    if target == nil, let box = boxes.firstIndex(where: { $0.address == destination.ip }),
      let inside = boxes[box].admit(from: source, to: destination.port, at: now)
    {
      target = inside.host
      destination = inside.address
    }
    let attachment = target.flatMap { target in
      nodesByPort[HostPort(host: target, port: destination.port)]?.first {
        $0.address.ip.isUnspecified || $0.address.ip == destination.ip
      }
    }
    guard let attachment else { return false }
    let path = Path(
      transport: key.path.transport, local: attachment.address, remote: source)
    let peer = StreamKey(node: attachment.node, path: path)
    streams[key] = StreamEnd(peer: peer)
    streams[peer] = StreamEnd(peer: key)
    return true
  }

  /// The next thing that was sent by a node's end arrives.
  func deliverNext(of key: StreamKey) {
    guard var end = streams[key], !end.underWay.isEmpty else { return }
    let target = nodes[end.peer.node].host
    let isDown =
      hosts[nodes[key.node].host].outgoing.conditions.isDown
      || hosts[target].incoming.conditions.isDown || !hosts[target].isAlive
    if isDown { return queue.push(.streamDelivery(key), at: now + .milliseconds(200)) }
    var bytes = end.underWay.removeFirst()
    streams[key] = end
    let packet = Packet(
      transport: key.path.transport, source: end.peer.path.remote, destination: key.path.remote,
      nat: nil, bytes: bytes)
    self.end(packet, .delivered)
    nodes[end.peer.node].node?.receive(&bytes, on: end.peer.path, at: now, into: outbox)
    finish(end.peer.node)
  }
}
