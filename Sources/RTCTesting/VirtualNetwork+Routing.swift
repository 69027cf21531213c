import Wire

extension VirtualNetwork {
  /// A datagram leaves a node.
  func send(_ bytes: [UInt8], by path: Path, from host: Int) {
    var packet = Packet(
      transport: path.transport, source: path.local, destination: path.remote,
      nat: hosts[host].nat, bytes: bytes)
    guard hosts[host].isAlive else { return end(packet, .unroutable) }
    if drops?(path, bytes) == true { return end(packet, .droppedByTest) }
    let family = path.remote.ip.family
    if path.local.ip.isUnspecified {
      guard let ip = hosts[host].addresses.first(where: { $0.family == family }) else {
        return end(packet, .unroutable)
      }
      packet.source.ip = ip
    }
    // A host that has moved cannot send from the address it had.
    guard hosts[host].addresses.contains(packet.source.ip) else { return end(packet, .unroutable) }
    // Addresses are translated as a datagram sets out; only its way takes time.
    if let nat = packet.nat, localHost(packet.destination.ip, behind: nat) == nil {
      guard packet.destination.ip != boxes[nat].address else { return end(packet, .filtered) }
      packet.source = boxes[nat].translate(
        packet.source, of: host, to: packet.destination, at: now)
      packet.nat = nil
    }
    switch hosts[host].outgoing.send(
      Self.wireByteCount(packet), packet.transport, at: now)
    {
    case .dropped(let fate): end(packet, fate)
    case .arrivals(let arrivals):
      for arrival in arrivals {
        var copy = packet
        if arrival.isCorrupted { hosts[host].outgoing.corrupt(&copy.bytes) }
        queue.push(.transit(copy), at: arrival.time)
      }
    }
  }

  /// A datagram has crossed its sender's link: finds its receiver's.
  func route(_ packet: Packet) {
    var packet = packet
    let host: Int
    if let nat = packet.nat {
      guard let local = localHost(packet.destination.ip, behind: nat) else {
        return end(packet, .unroutable)
      }
      host = local
    } else if let box = boxes.firstIndex(where: { $0.address == packet.destination.ip }) {
      guard
        let inside = boxes[box].admit(
          from: packet.source, to: packet.destination.port, at: now)
      else { return end(packet, .filtered) }
      host = inside.host
      packet.destination = inside.address
    } else if let open = localHost(packet.destination.ip, behind: nil) {
      host = open
    } else {
      return end(packet, .unroutable)
    }
    switch hosts[host].incoming.send(
      Self.wireByteCount(packet), packet.transport, at: now)
    {
    case .dropped(let fate): end(packet, fate)
    case .arrivals(let arrivals):
      for arrival in arrivals {
        var copy = packet
        if arrival.isCorrupted { hosts[host].incoming.corrupt(&copy.bytes) }
        queue.push(.delivery(copy, host: host), at: arrival.time)
      }
    }
  }

  /// Notes how a datagram's way ended.
  func end(_ packet: Packet, _ fate: PacketRecord.Fate) {
    let record = PacketRecord(
      time: now, source: packet.source, destination: packet.destination,
      byteCount: packet.bytes.count, fate: fate)
    hash.combine(record, packet.bytes)
    counts[Int(fate.rawValue)] += 1
    if recordsTrace { trace.append(record) }
  }

  func localHost(_ address: IPAddress, behind nat: Int?) -> Int? {
    hostsByAddress[ScopedAddress(ip: address, nat: nat)]
  }

  private static func wireByteCount(_ packet: Packet) -> Int {
    packet.bytes.count + (packet.destination.ip.family == .v4 ? 28 : 48)
  }
}
