public import Wire

/// How far a peer and the media ports have come with each other over UDP.
public struct MediaContact: Hashable, Sendable {
  /// Who hears whom.
  public enum Reach: Sendable, Comparable {
    /// Nothing authentic has come from the peer.
    case silent
    /// The peer's checks come, but no answer to ours.
    case heard
    /// Both hear each other.
    case mutual
  }

  /// An address from which the peer was heard; it may be one that a relay lent it.
  public struct Place: Hashable, Sendable {
    /// Where its datagrams came from.
    public var address: TransportAddress
    /// `heard` or `mutual`.
    public var reach: Reach

    /// A peer heard from `address`.
    public init(address: TransportAddress, reach: Reach) {
      self.address = address
      self.reach = reach
    }
  }

  /// The UDP ports that the peer was told of.
  public var ports: [UInt16]
  /// Where it was heard from.
  public var places: [Place]

  /// A peer that was told of `ports` and heard from `places`.
  public init(ports: [UInt16], places: [Place]) {
    self.ports = ports
    self.places = places
  }
}
