public import ICE
public import STUN
public import Wire

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

  /// Adds a candidate of ours whose packets leave from `base`, by default from its own address. Returns whether
  /// it was taken.
  @discardableResult
  public func addLocalCandidate(
    _ candidate: ICECandidate, base: TransportAddress? = nil
  ) -> Bool {
    ice.addLocalCandidate(candidate, base: base)
  }

  /// Adds a trickled candidate of the peer. Returns whether it was taken.
  @discardableResult
  public func addRemoteCandidate(_ candidate: ICECandidate) -> Bool {
    ice.addRemoteCandidate(candidate)
  }

  /// Tells that the peer has no more candidates.
  public func setRemoteCandidatesComplete() { ice.setRemoteCandidatesComplete() }

  /// Tells that we have no more candidates.
  public func setLocalCandidatesComplete() { ice.setLocalCandidatesComplete() }

  /// Says what the peer's description tells of its agent: whether it is lite (RFC 8445 §2.5), and whether it knows
  /// renomination, which is used if we offered it too.
  public func setRemoteICE(isLite: Bool, usesRenomination: Bool) {
    if ice.remoteIsLite != isLite { ice.remoteIsLite = isLite }
    ice.usesRenomination = usesRenomination
  }

  /// Moves to another path that works, as the controlling agent; false where that is not possible.
  @discardableResult
  public func renominate(_ path: Path, at now: Instant) -> Bool {
    ice.renominate(path, at: now)
  }

  /// Begins a new search for a path under other credentials; the old path is used until it ends.
  public func restartICE(credentials: ICECredentials) {
    ice.restart(credentials: credentials)
    if securityState != .connected { patience = .notBegun }
  }

  /// Says who chooses the path; it counts until the peer's credentials are known.
  public func setICERole(_ role: ICEAgent.Role) { ice.setRole(role) }

  /// The peer's credentials as known.
  public var remoteCredentials: ICECredentials? { ice.remoteCredentials }
}
