import Wire

/// An address translator at work. It does not hairpin.
struct NATBox {
  private struct Mapping {
    let inside: TransportAddress
    let insideHost: Int
    /// What the mapping depends on; nil where it serves every destination.
    let outside: TransportAddress?
    let port: UInt16
    var lastUsed: Instant
    var permitted: [TransportAddress] = []
  }

  let behavior: NATBehavior
  let address: IPAddress
  private var mappings: [Mapping] = []
  private var nextPort: UInt16

  init(_ behavior: NATBehavior, address: IPAddress, firstPort: UInt16) {
    self.behavior = behavior
    self.address = address
    nextPort = firstPort
  }

  /// The outside source of a datagram from `inside` to `destination`.
  mutating func translate(
    _ inside: TransportAddress, of host: Int, to destination: TransportAddress, at now: Instant
  ) -> TransportAddress {
    expire(now)
    let key = Self.key(destination, behavior.mapping)
    let found = mappings.firstIndex {
      $0.inside == inside && $0.insideHost == host && $0.outside == key
    }
    let index: Int
    if let found {
      index = found
    } else {
      index = mappings.count
      mappings.append(
        Mapping(inside: inside, insideHost: host, outside: key, port: takePort(), lastUsed: now))
    }
    mappings[index].lastUsed = now
    if let permission = Self.key(destination, behavior.filtering),
      !mappings[index].permitted.contains(permission)
    {
      mappings[index].permitted.append(permission)
    }
    return TransportAddress(ip: address, port: mappings[index].port)
  }

  /// Where a datagram from outside goes; nil where nothing is mapped or the sender is not permitted.
  mutating func admit(
    from source: TransportAddress, to port: UInt16, at now: Instant
  ) -> (host: Int, address: TransportAddress)? {
    expire(now)
    guard let mapping = mappings.first(where: { $0.port == port }) else { return nil }
    if let permission = Self.key(source, behavior.filtering) {
      guard mapping.permitted.contains(permission) else { return nil }
    }
    return (mapping.insideHost, mapping.inside)
  }

  /// Forgets everything, as a restarted router does.
  mutating func rebind() { mappings.removeAll() }

  private mutating func expire(_ now: Instant) {
    mappings.removeAll { now - $0.lastUsed > behavior.timeout }
  }

  private mutating func takePort() -> UInt16 {
    defer { nextPort = nextPort == .max ? 1024 : nextPort + 1 }
    return nextPort
  }

  private static func key(
    _ address: TransportAddress, _ dependence: NATBehavior.Dependence
  ) -> TransportAddress? {
    switch dependence {
    case .endpointIndependent: nil
    case .addressDependent: TransportAddress(ip: address.ip, port: 0)
    case .addressAndPortDependent: address
    }
  }
}
