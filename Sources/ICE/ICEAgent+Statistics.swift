public import Wire

extension ICEAgent {
  /// Names a candidate for as long as the agent lives.
  public struct CandidateID: Hashable, Sendable {
    /// Unlike that of any other candidate or pair of the agent.
    public let rawValue: UInt32
  }

  /// Names a pair for as long as the agent lives.
  public struct PairID: Hashable, Sendable {
    /// Unlike that of any other pair or candidate of the agent.
    public let rawValue: UInt32
  }

  /// How far a pair is, in the words of the W3C's `RTCStatsIceCandidatePairState`.
  public enum PairState: String, Sendable {
    /// Never: there is one checklist, in which nothing waits for another pair's result.
    case frozen
    /// Not checked yet, or left alone because another pair is used.
    case waiting
    /// Checked, not answered yet.
    case inProgress = "in-progress"
    /// Never answered, or refused.
    case failed
    /// Answered.
    case succeeded
  }

  /// What is known of a pair: the part of the W3C's `RTCIceCandidatePairStats` that is not of packets.
  public struct PairStatistics: Sendable, Equatable {
    /// The pair.
    public let id: PairID
    /// Our candidate.
    public let local: CandidateID
    /// The peer's candidate.
    public let remote: CandidateID
    /// How its packets travel.
    public let path: Path
    /// RFC 8445 §6.1.2.3.
    public let priority: UInt64
    /// How far it is.
    public let state: PairState
    /// It was nominated, and selected, at some time.
    public let isNominated: Bool
    /// It is in use.
    public let isSelected: Bool
    /// Checks sent, those for consent included.
    public let requestsSent: UInt64
    /// Authenticated checks received.
    public let requestsReceived: UInt64
    /// Answers sent.
    public let responsesSent: UInt64
    /// Authenticated answers received.
    public let responsesReceived: UInt64
    /// Checks sent for consent (RFC 7675).
    public let consentRequestsSent: UInt64
    /// The sum over all answered checks.
    public let totalRoundTripTime: Duration
    /// That of the last answered check.
    public let currentRoundTripTime: Duration?
    /// When an answer or an authenticated check last came.
    public let lastHeardAt: Instant?
  }

  /// What is known of a candidate, as the W3C's `RTCIceCandidateStats`.
  public struct CandidateStatistics: Sendable, Equatable {
    /// The candidate's name.
    public let id: CandidateID
    /// Whether it is the peer's.
    public let isRemote: Bool
    /// The candidate.
    public let candidate: ICECandidate
    /// Where packets of a candidate of ours leave from.
    public let base: TransportAddress?
  }

  /// Every pair there is, in the order in which they came about.
  public var pairStatistics: [PairStatistics] { pairs.map { statistics(of: $0) } }

  /// Where the peer sees us, by its last answer on the selected path (RFC 8445 §7.2.5.3.1). That is the peer's word
  /// alone; nil before it has answered there.
  public var addressSeenByPeer: TransportAddress? {
    guard let selection else { return nil }
    return pairs.first { $0.path == selection.path }?.mappedAddress
  }

  /// Every candidate that was signalled or belongs to a pair: ours first, then the peer's.
  public var candidateStatistics: [CandidateStatistics] {
    localCandidates.map {
      CandidateStatistics(id: $0.id, isRemote: false, candidate: $0.candidate, base: $0.base)
    } + pairs.compactMap(localReflexive)
      + remoteCandidates.map {
        CandidateStatistics(id: $0.id, isRemote: true, candidate: $0.candidate, base: nil)
      } + pairs.compactMap(remoteReflexive)
  }

  private func statistics(of pair: CandidatePair) -> PairStatistics {
    let isSelected = selection?.path == pair.path && selection?.generation == keys.generation
    return PairStatistics(
      id: pair.id, local: localID(of: pair), remote: remoteID(of: pair), path: pair.path,
      priority: pair.priority(role: role), state: PairState(pair.state),
      isNominated: pair.isNominated, isSelected: isSelected,
      requestsSent: pair.counts.requestsSent, requestsReceived: pair.counts.requestsReceived,
      responsesSent: pair.counts.responsesSent, responsesReceived: pair.counts.responsesReceived,
      consentRequestsSent: pair.counts.consentRequestsSent,
      totalRoundTripTime: pair.counts.totalRoundTripTime,
      currentRoundTripTime: pair.roundTripTime,
      lastHeardAt: [pair.heardAt, pair.answeredAt].compactMap(\.self).max())
  }

  // MARK: Which candidates a pair is made of

  /// The candidates of ours that send from the pair's base, the best first.
  private func locals(of pair: CandidatePair) -> [LocalCandidate] {
    localCandidates
      .filter { $0.base == pair.path.local && $0.candidate.transport == pair.path.transport }
      .sorted { $0.candidate.priority > $1.candidate.priority }
  }

  private func localID(of pair: CandidatePair) -> CandidateID {
    let locals = locals(of: pair)
    let mapped = locals.first { $0.candidate.address == pair.mappedAddress }
    if let mapped { return mapped.id }
    if localReflexive(pair) != nil { return pair.reflexiveIDs.local }
    return locals.first?.id ?? pair.reflexiveIDs.local
  }

  /// The candidate of ours that only the peer's answers told of (RFC 8445 §7.2.5.3.1).
  private func localReflexive(_ pair: CandidatePair) -> CandidateStatistics? {
    let locals = locals(of: pair)
    // A connection out comes from a port that no candidate tells.
    let isActive = locals.first?.candidate.tcpType == .active
    let address = pair.mappedAddress ?? (locals.isEmpty ? pair.path.local : nil)
    guard let address, !locals.contains(where: { $0.candidate.address == address }),
      !(isActive && locals.contains { $0.candidate.address.ip == address.ip })
    else { return nil }
    var candidate = ICECandidate(
      kind: .peerReflexive, address: address, transport: pair.path.transport,
      priority: pair.localPriority, relatedAddress: locals.first?.candidate.address)
    candidate.tcpType = locals.first?.candidate.tcpType
    return CandidateStatistics(
      id: pair.reflexiveIDs.local, isRemote: false, candidate: candidate, base: pair.path.local)
  }

  private func signalled(_ pair: CandidatePair) -> RemoteCandidate? {
    remoteCandidates.first {
      $0.candidate.address == pair.path.remote && $0.candidate.transport == pair.path.transport
    }
  }

  private func remoteID(of pair: CandidatePair) -> CandidateID {
    signalled(pair)?.id ?? pair.reflexiveIDs.remote
  }

  /// The peer's candidate that only its checks told of (RFC 8445 §7.3.1.3).
  private func remoteReflexive(_ pair: CandidatePair) -> CandidateStatistics? {
    guard signalled(pair) == nil else { return nil }
    let candidate = ICECandidate(
      kind: .peerReflexive, address: pair.path.remote, transport: pair.path.transport,
      priority: pair.remotePriority)
    return CandidateStatistics(
      id: pair.reflexiveIDs.remote, isRemote: true, candidate: candidate, base: nil)
  }
}

extension ICEAgent.PairState {
  init(_ state: CandidatePair.State) {
    self =
      switch state {
      case .waiting, .paused: .waiting
      case .inProgress: .inProgress
      case .failed: .failed
      case .succeeded: .succeeded
      }
  }
}
