/// How well one direction of a peer's media does.
public struct LinkQuality: Hashable, Sendable {
  /// What stands in the way most.
  public enum Reason: UInt8, Hashable, Sendable {
    /// Nothing.
    case none
    /// Packets are lost.
    case loss
    /// Packets are long on their way, or unevenly.
    case delay
    /// There is too little bandwidth for what is sent or wanted.
    case bandwidth
    /// The picture stood still.
    case freeze
    /// Nothing comes at all.
    case lost
  }

  /// 0 (gone) to 5 (excellent).
  public var score: UInt8
  /// Why it is no better.
  public var reason: Reason

  /// A score and why it is no better.
  public init(score: UInt8, reason: Reason = .none) {
    self.score = score
    self.reason = reason
  }
}

/// How well a peer sends and receives.
public struct PeerQuality: Hashable, Sendable {
  /// Who.
  public var peer: PeerID
  /// From the peer to us.
  public var up: LinkQuality
  /// From us to the peer.
  public var down: LinkQuality

  /// The quality of `peer`'s paths.
  public init(peer: PeerID, up: LinkQuality, down: LinkQuality) {
    self.peer = peer
    self.up = up
    self.down = down
  }
}
