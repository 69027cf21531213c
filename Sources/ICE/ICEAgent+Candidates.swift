public import Wire

extension ICEAgent {
  /// Adds a candidate of ours whose packets leave from `base`, by default from its own address.
  ///
  /// With a socket on the unspecified address, several candidates have the same base. Returns whether
  /// the candidate was taken: component 1, and not more than 32.
  @discardableResult
  public mutating func addLocalCandidate(
    _ candidate: ICECandidate, base: TransportAddress? = nil
  ) -> Bool {
    guard candidate.component == 1, localCandidates.count < 32 else { return false }
    localCandidates.append(
      LocalCandidate(
        id: makeCandidateID(), candidate: candidate, base: base ?? candidate.address))
    for remote in remoteCandidates { formPairs(with: remote.candidate) }
    wake()
    return true
  }

  /// Sets the peer's credentials, from which moment on checks are sent.
  ///
  /// Other credentials than before, without a restart of ours, begin anew with the candidates that
  /// come after them.
  public mutating func setRemoteCredentials(_ credentials: ICECredentials) {
    guard keys.remote?.credentials != credentials else { return }
    if keys.remote != nil {
      pairs.removeAll()
      remoteCandidates.removeAll()
      remoteCandidateCount = 0
    }
    keys.setRemote(credentials)
    if state == .new { state = .checking }
    wake()
  }

  /// Adds a candidate of the peer; trickled ones may come at any time (RFC 8838).
  ///
  /// Returns whether it was taken. It is not where its address must not be sent to, where it belongs
  /// to another generation or component, where it is known, or where there are enough.
  @discardableResult
  public mutating func addRemoteCandidate(_ candidate: ICECandidate) -> Bool {
    guard remoteCandidateCount < configuration.maximumParsedCandidates else { return false }
    remoteCandidateCount += 1
    guard candidate.component == 1, candidate.hasUsableAddress,
      remoteCandidates.count < configuration.maximumRemoteCandidates,
      configuration.acceptsLoopback || !candidate.address.ip.isLoopback,
      !(candidate.address.ip.family == .v6 && candidate.address.ip.isLinkLocal)
    else { return false }
    if let fragment = candidate.usernameFragment, let remote = keys.remote,
      fragment != remote.credentials.usernameFragment
    {
      return false
    }
    let isKnown = remoteCandidates.contains {
      $0.candidate.address == candidate.address && $0.candidate.transport == candidate.transport
        && $0.candidate.tcpType == candidate.tcpType
    }
    guard !isKnown else { return false }
    remoteCandidates.append(RemoteCandidate(id: makeCandidateID(), candidate: candidate))
    formPairs(with: candidate)
    wake()
    return true
  }

  /// Tells that no more candidates of the peer will come (RFC 8838 §13).
  public mutating func setRemoteCandidatesComplete() {
    remoteCandidatesAreComplete = true
    wake()
  }

  /// Tells that we have no more candidates of our own, until a restart.
  public mutating func setLocalCandidatesComplete() { localCandidatesAreComplete = true }

  /// Begins anew with other credentials (RFC 8445 §9); the remote ones and candidates come next.
  ///
  /// The old path stays in use, and its checks are answered, until a new one is selected.
  public mutating func restart(credentials: ICECredentials) {
    // A peer that does not know that it is not heard keeps to the path for as long as something comes by it.
    if state == .disconnected, configuration.mediaSilence != nil {
      dropSelection()
      hasLeftPath = true
    }
    if selection?.generation == keys.generation { previousKeys = keys }
    if selection == nil { previousKeys = nil }
    keys = Keys(generation: keys.generation &+ 1, local: credentials)
    pairs.removeAll()
    remoteCandidates.removeAll()
    remoteCandidateCount = 0
    remoteCandidatesAreComplete = false
    localCandidatesAreComplete = false
    nominatingPath = nil
    nomination = 0
    peersNomination = 0
    firstValidAt = nil
    checkingSince = nil
    roleSwitchCount = 0
    state = .checking
    wake()
  }

  /// Pairs a remote candidate with each base that reaches its family (RFC 8445 §6.1.2.2).
  private mutating func formPairs(with remote: ICECandidate) {
    guard !configuration.isLite else { return }
    for local in localCandidates where local.candidate.reaches(remote) {
      let path = Path(
        transport: remote.transport, local: local.base, remote: remote.address)
      let priority = local.candidate.priority
      if let index = pairIndex(path) {
        pairs[index].localPriority = max(pairs[index].localPriority, priority)
      } else {
        var pair = makePair(path: path, localPriority: priority, remotePriority: remote.priority)
        if state == .connected { pair.state = .paused }
        add(pair)
      }
    }
  }

  /// Keeps the best pairs where there are too many (RFC 8445 §6.1.2.5); false where this one is not.
  @discardableResult
  mutating func add(_ pair: CandidatePair) -> Bool {
    if pairs.count >= configuration.maximumPairs {
      guard let index = expendablePairIndex(for: pair) else { return false }
      pairs.remove(at: index)
    }
    pairs.append(pair)
    return true
  }

  /// The pair to give up for another: first those that lead nowhere, then the longest silent.
  private func expendablePairIndex(for newcomer: CandidatePair) -> Int? {
    let candidates = pairs.indices.filter {
      pairs[$0].path != selection?.path && pairs[$0].path != nominatingPath
    }
    let silent = candidates.filter { !pairs[$0].isValidated }
    let worst = silent.min {
      (pairs[$0].state == .failed ? 0 : 1, pairs[$0].priority(role: role))
        < (pairs[$1].state == .failed ? 0 : 1, pairs[$1].priority(role: role))
    }
    if let worst {
      let isBetter = pairs[worst].priority(role: role) < newcomer.priority(role: role)
      return isBetter || newcomer.isValidated || pairs[worst].state == .failed ? worst : nil
    }
    guard newcomer.isValidated else { return nil }
    return candidates.min {
      (pairs[$0].heardAt ?? .distantPast) < (pairs[$1].heardAt ?? .distantPast)
    }
  }

  func pairIndex(_ path: Path) -> Int? { pairs.firstIndex { $0.path == path } }

  /// The best priority of our candidates on a base, or that of a host candidate for an unknown one.
  func localPriority(on path: Path) -> UInt32 {
    localCandidates.lazy
      .filter { $0.base == path.local && $0.candidate.transport == path.transport }
      .map(\.candidate.priority).max()
      ?? ICECandidate.priority(
        kind: .host, localPreference: 0, component: 1, transport: path.transport)
  }

  mutating func makePair(
    path: Path, localPriority: UInt32, remotePriority: UInt32
  ) -> CandidatePair {
    CandidatePair(
      id: PairID(rawValue: makeCandidateID().rawValue),
      reflexiveIDs: .init(local: makeCandidateID(), remote: makeCandidateID()), path: path,
      localPriority: localPriority, remotePriority: remotePriority)
  }

  mutating func makeCandidateID() -> CandidateID {
    lastID &+= 1
    return CandidateID(rawValue: lastID)
  }

  /// Has the owner call `advance` at once.
  mutating func wake() { deadline = .distantPast }
}

extension ICECandidate {
  /// Whether packets of a base of ours can go to `remote`: same family, same transport, and over TCP one
  /// that opens the connection to one that waits for it, or both open (RFC 6544 §6.2). Pairs in which
  /// the peer opens it come into being with its first check.
  func reaches(_ remote: ICECandidate) -> Bool {
    guard transport == remote.transport, address.ip.family == remote.address.ip.family else {
      return false
    }
    guard transport != .udp else { return true }
    switch (tcpType, remote.tcpType) {
    case (.active, .passive), (.simultaneousOpen, .simultaneousOpen): return true
    default: return false
    }
  }
}
