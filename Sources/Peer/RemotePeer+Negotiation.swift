public import ICE
public import STUN

extension RemotePeer {
  /// The receiver's user name fragment in a connectivity check, found without parsing the rest.
  public static func localUsernameFragment(ofCheck datagram: Span<UInt8>) -> STUNUsernameFragment? {
    STUNMessage.localUsernameFragment(ofBindingRequest: datagram)
  }

  /// Takes the peer's credentials and candidates, from its description or trickled.
  public func setRemote(
    _ credentials: ICECredentials, candidates: [ICECandidate], isComplete: Bool
  ) {
    ice.setRemoteCredentials(credentials)
    for candidate in candidates { _ = ice.addRemoteCandidate(candidate) }
    if isComplete { ice.setRemoteCandidatesComplete() }
  }

  /// Begins a new search for a path under other credentials; the old path is used until it ends.
  public func restartICE(credentials: ICECredentials) {
    ice.restart(credentials: credentials)
    if media == nil { patience = .notBegun }
  }

  /// The peer's credentials as known.
  public var remoteCredentials: ICECredentials? { ice.remoteCredentials }
}
