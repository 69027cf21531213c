import Peer
public import STUN
public import Wire

/// What the owner of connections has to know and to tell.
extension SelectiveForwarder {
  /// Whether a peer is called so in checks.
  public func isUsername(_ fragment: STUNUsernameFragment) -> Bool {
    memberByFragment[fragment] != nil
  }

  /// Whether a path has proven to lead to a peer.
  public func isPeer(on path: Path) -> Bool { memberByPath[path] != nil }

  /// Tells that nothing can be sent by a path any more.
  public func pathFailed(
    _ path: Path, at now: Instant, into outbox: Outbox, events: inout [ForwarderEvent]
  ) {
    guard let member = memberByPath[path] else { return }
    member.remote.pathFailed(path, at: now, into: outbox, events: &peerEvents)
    handlePeerEvents(of: member, at: now, events: &events)
  }
}
