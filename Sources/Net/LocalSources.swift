import CLinux
import Wire

/// The addresses of this machine that datagrams may be sent from.
///
/// A path's local address may be none of them: one that is advertised, while the machine itself stands
/// behind a translator. The kernel refuses such a source, so the routing table has to choose one.
struct LocalSources {
  /// More than a host has; a bound on what is searched for each destination.
  private static let limit = 64

  private var addresses: [IPAddress] = []
  /// The address last asked for or learned, which mostly comes again.
  private var recent: IPAddress?

  /// Whether datagrams may be sent from `address`.
  mutating func contains(_ address: IPAddress) -> Bool {
    if address == recent { return true }
    guard addresses.contains(address) else { return false }
    recent = address
    return true
  }

  /// Notes an address that datagrams have come to.
  mutating func learn(_ address: IPAddress) {
    // A link-local source would need its interface with it.
    guard address != recent, !contains(address), !address.isMulticast, !address.isUnspecified,
      !(address.family == .v6 && address.isLinkLocal)
    else { return }
    if addresses.count == Self.limit { addresses.removeFirst() }
    addresses.append(address)
    recent = address
  }

  /// Forgets an address that the kernel refused.
  mutating func remove(_ address: IPAddress) {
    addresses.removeAll { $0 == address }
    recent = nil
  }
}
