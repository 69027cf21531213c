import TURN
import Wire

/// Where a peer says that it sees the media port (RFC 8445 §7.2.5.3.1).
struct AddressSighting: Sendable, Equatable {
  /// Where the peer itself is.
  var peer: IPAddress
  /// What it sees.
  var seen: TransportAddress
}

/// What peers say of where they see this machine, and how much of it is believed.
///
/// Any peer may lie, and whoever joins after a lie was believed shows its own address to the liar. So nothing is
/// believed that not two peers say from different networks, and more of them than say anything else; and what is
/// believed is told besides all that is known otherwise. It is forgotten once nobody has said it for a while.
struct AddressWitnesses {
  /// How many have to say the same.
  static let quorum = 2
  /// How long a word counts after it was said last.
  static let lifetime = Duration.seconds(900)
  /// Most words that are remembered, of one network each.
  static let limit = 64

  private struct Word {
    var said: IPAddress
    var saidAt: Instant
  }

  private var words: [IPAddress: Word] = [:]

  /// How many networks have said something.
  var count: Int { words.count }

  /// Takes a peer's word. Only such counts as can come from behind a translation that keeps the media port: the peer is
  /// of the open Internet, sees an address there that is neither its own nor this machine's, and the port as it is.
  mutating func hear(
    _ sighting: AddressSighting, mediaPort: UInt16, own: [IPAddress], at now: Instant
  ) {
    let (peer, seen) = (sighting.peer, sighting.seen)
    guard seen.port == mediaPort, TURNPeerPolicy.isPublic(seen.ip), !own.contains(seen.ip),
      TURNPeerPolicy.isPublic(peer), peer.family == seen.ip.family,
      Self.network(of: peer) != Self.network(of: seen.ip)
    else { return }
    let network = Self.network(of: peer)
    if words[network] == nil, words.count >= Self.limit {
      forget(at: now)
      guard words.count < Self.limit else { return }
    }
    words[network] = Word(said: seen.ip, saidAt: now)
  }

  /// What is believed at present: one address of each family at most.
  mutating func believed(at now: Instant) -> [IPAddress] {
    forget(at: now)
    return [IPAddress.Family.v4, .v6].compactMap { family in
      let said = words.values.map(\.said).filter { $0.family == family }
      let counts = said.reduce(into: [IPAddress: Int]()) { $0[$1, default: 0] += 1 }
      guard let (address, count) = counts.max(by: { $0.value < $1.value }) else { return nil }
      return count >= Self.quorum && 2 * count > said.count ? address : nil
    }
  }

  private mutating func forget(at now: Instant) {
    words = words.filter { now - $0.value.saidAt < Self.lifetime }
  }

  /// What one person may have all of: an IPv4 address, or an IPv6 block of 48 bits.
  private static func network(of ip: IPAddress) -> IPAddress {
    ip.family == .v4 ? ip : IPAddress(v6High: ip.high & ~0xFFFF, low: 0)
  }
}
