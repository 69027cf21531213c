public import Wire

/// Which peers a relay sends to and hears from (RFC 8656 §21.1.6): a relay in the wrong place is a way into
/// the network behind it.
public struct TURNPeerPolicy: Sendable, Equatable {
  /// What counts where neither `allowed` nor `denied` says anything.
  public enum Default: Sendable, Equatable {
    /// Nobody.
    case nobody
    /// Addresses of the open Internet, not those of `specialRanges`.
    case publicAddresses
    /// Everybody: for tests and closed networks.
    case everybody
  }

  /// What counts for all the others.
  public var others: Default
  /// Peers that are always let through, by address; port 0 is any port.
  public var allowed: [TransportAddress]
  /// Blocks that are let through as if they were public.
  public var allowedRanges: [IPAddressRange]
  /// Blocks that never are, whatever else is said.
  public var denied: [IPAddressRange]

  /// A policy; without arguments it is that of a public relay.
  public init(
    others: Default = .publicAddresses, allowed: [TransportAddress] = [],
    allowedRanges: [IPAddressRange] = [], denied: [IPAddressRange] = []
  ) {
    self.others = others
    self.allowed = allowed
    self.allowedRanges = allowedRanges
    self.denied = denied
  }

  /// A relay towards these addresses alone, such as a meeting server's own media ports.
  public static func only(_ addresses: [TransportAddress]) -> Self {
    Self(others: .nobody, allowed: addresses)
  }

  /// Whether a peer's host may be reached, at one port at least.
  public func allows(_ address: IPAddress) -> Bool {
    decide(address) { $0.ip.canonical == address.canonical }
  }

  /// Whether a peer may be reached.
  public func allows(_ address: TransportAddress) -> Bool {
    decide(address.ip) {
      $0.ip.canonical == address.ip.canonical && ($0.port == 0 || $0.port == address.port)
    }
  }

  private func decide(_ address: IPAddress, _ isNamed: (TransportAddress) -> Bool) -> Bool {
    let canonical = address.canonical
    if denied.contains(where: { $0.contains(canonical) || $0.contains(address) }) { return false }
    if allowed.contains(where: isNamed) { return true }
    // Nobody's socket has an address of such a form: it can only be meant to get past this check.
    guard canonical == address else { return false }
    if allowedRanges.contains(where: { $0.contains(address) }) { return true }
    switch others {
    case .nobody: return false
    case .publicAddresses: return Self.isPublic(address)
    case .everybody: return true
    }
  }

  /// Whether it is an address of the open Internet: none of `specialRanges`.
  public static func isPublic(_ address: IPAddress) -> Bool {
    !specialRanges.contains { $0.contains(address) }
  }

  /// Blocks that are not of the open Internet (RFC 6890 and its registries), IPv6 blocks that carry IPv4
  /// addresses among them.
  public static let specialRanges: [IPAddressRange] = [
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
    "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15",
    "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
    "::/96", "::ffff:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23",
    "2001:db8::/32", "2002::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
  ].compactMap { IPAddressRange($0) }
}
