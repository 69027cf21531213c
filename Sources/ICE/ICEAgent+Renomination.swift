public import Wire

/// Renomination (draft-thatcher-ice-renomination): the controlling agent may change its mind, and each
/// nomination has a number, of which the greatest counts.
extension ICEAgent {
  /// Nominates another pair that works, by its path; false where it does not, where the peer controls,
  /// or where it is selected already. The peer follows at once if it knows renomination.
  @discardableResult
  public mutating func renominate(_ path: Path, at now: Instant) -> Bool {
    guard role == .controlling, !configuration.isLite, state != .failed,
      selection?.path != path, let index = pairIndex(path),
      pairs[index].isUsable(at: now, consent: configuration.consentTimeout)
    else { return false }
    nominate(pairAt: index, now)
    wake()
    return true
  }

  /// The number that goes with a nominating check by `path`.
  func nominationNumber(of path: Path) -> UInt32 {
    path == nominatingPath ? nomination : selection?.nomination ?? nomination
  }

  /// Takes note of a nomination of the peer, unless it is older than another one.
  mutating func noteNomination(_ number: UInt32?, pairAt index: Int, _ now: Instant) {
    if let number {
      guard number >= peersNomination else { return }
      peersNomination = number
      pairs[index].nomination = number
    }
    pairs[index].nominatedAt = now
    pairs[index].nominationCount &+= 1
  }

  // MARK: Moving to a better pair

  /// Keeps an eye on the other pairs, and nominates one that is clearly better than the selected one.
  mutating func seekBetterPair(_ now: Instant) {
    guard canSeek, let selection, let current = pairIndex(selection.path) else { return }
    for index in pairs.indices where isDueInBackground(pairs[index], now) {
      pairs[index].state = .waiting
      pairs[index].attempts = 0
    }
    guard now - selection.selectedAt >= configuration.backgroundInterval * 2 else { return }
    let better = pairs.indices.filter {
      $0 != current && isClearlyBetter(pairs[$0], than: pairs[current], now)
    }
    let best = better.max { pairs[$0].priority(role: role) < pairs[$1].priority(role: role) }
    if let best { nominate(pairAt: best, now) }
  }

  private var canSeek: Bool {
    role == .controlling && state == .connected && nominatingPath == nil
      && selection?.generation == keys.generation
  }

  func nextBackgroundCheck() -> Instant? {
    guard canSeek else { return nil }
    return pairs.lazy
      .filter { $0.path != selection?.path && ($0.state == .succeeded || $0.state == .paused) }
      .map { $0.sentAt + configuration.backgroundInterval }.min()
  }

  private func isDueInBackground(_ pair: CandidatePair, _ now: Instant) -> Bool {
    pair.path != selection?.path && (pair.state == .succeeded || pair.state == .paused)
      && pair.sentAt + configuration.backgroundInterval <= now
  }

  /// Of less than half the round-trip time, or of higher priority and not much slower.
  private func isClearlyBetter(
    _ pair: CandidatePair, than current: CandidatePair, _ now: Instant
  ) -> Bool {
    guard let answeredAt = pair.answeredAt, let roundTrip = pair.roundTripTime,
      let currentRoundTrip = current.roundTripTime, pair.state == .succeeded,
      now - answeredAt <= configuration.backgroundInterval * 2
    else { return false }
    let margin = Duration.milliseconds(10)
    if roundTrip * 2 + margin < currentRoundTrip { return true }
    return pair.priority(role: role) > current.priority(role: role)
      && roundTrip <= currentRoundTrip * 3 / 2 + margin
  }
}
