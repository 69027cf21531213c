import Wire

extension CandidateGatherer {
  /// The new bases among `addresses` that candidates are made of, the best first.
  ///
  /// IPv6 and IPv4 take turns, IPv6 first (RFC 8421 §4), so that a broken family costs little; their
  /// order within a family is the owner's. Loopback counts only if it is wanted, or all there is.
  func usable(_ addresses: [TransportAddress]) -> [TransportAddress] {
    var fresh: [TransportAddress] = []
    for address in addresses where !bases.contains(address) && !fresh.contains(address) {
      let ip = address.ip.canonical
      guard address.port != 0, !ip.isUnspecified, !ip.isMulticast,
        !(ip.family == .v6 && ip.isLinkLocal)
      else { continue }
      fresh.append(address)
    }
    let hasOthers = (bases + fresh).contains { !$0.ip.isLoopback }
    if hasOthers, !options.includesLoopback { fresh.removeAll(where: \.ip.isLoopback) }
    var six = fresh.filter { $0.ip.family == .v6 }[...]
    var four = fresh.filter { $0.ip.family == .v4 }[...]
    var ordered: [TransportAddress] = []
    while !six.isEmpty || !four.isEmpty {
      if let next = six.popFirst() { ordered.append(next) }
      if let next = four.popFirst() { ordered.append(next) }
    }
    return ordered
  }

  /// Whether it makes sense to ask a server from a base: same family, and loopback reaches only itself.
  static func reaches(_ base: TransportAddress, _ server: TransportAddress) -> Bool {
    base.ip.family == server.ip.family && (!base.ip.isLoopback || server.ip.isLoopback)
  }
}
