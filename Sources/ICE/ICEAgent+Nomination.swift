import Wire

extension ICEAgent {
  // MARK: As the controlling agent: regular nomination (RFC 8445 §8.1.1)

  /// Nominates the best valid pair, once no better one is still being checked or patience ends.
  mutating func chooseNominee(_ now: Instant) {
    guard nominatingPath == nil, selection?.generation != keys.generation else { return }
    guard let best = bestUsablePairIndex(now) else { return }
    let isBetterPending = pairs.contains {
      $0.isPending && $0.priority(role: role) > pairs[best].priority(role: role)
    }
    let patience = (firstValidAt ?? now) + nominationPatience(best)
    guard !isBetterPending || now >= patience else { return }
    nominate(pairAt: best, now)
  }

  /// A connection, whose every loss holds up all that follows, is worth a longer wait for something
  /// better: a check that was lost is repeated in time.
  private func nominationPatience(_ index: Int) -> Duration {
    configuration.nominationPatience * (pairs[index].path.transport == .udp ? 1 : 5)
  }

  mutating func nominate(pairAt index: Int, _ now: Instant) {
    nominatingPath = pairs[index].path
    nomination &+= 1
    pairs[index].sentAt = .distantPast
    trigger(pairAt: index, now)
  }

  private func bestUsablePairIndex(_ now: Instant) -> Int? {
    pairs.indices
      .filter { pairs[$0].isUsable(at: now, consent: configuration.consentTimeout) }
      .max { pairs[$0].priority(role: role) < pairs[$1].priority(role: role) }
  }

  // MARK: As the controlled agent

  /// Uses a pair that answered our check and that the peer nominated (RFC 8445 §7.3.1.5), unless the
  /// pair in use has the better claim.
  mutating func considerNomination(ofPairAt index: Int, _ now: Instant) {
    guard role == .controlled, let nominatedAt = pairs[index].nominatedAt else { return }
    // Among numbered nominations the last one wins, whatever the priorities.
    if let number = pairs[index].nomination, number < peersNomination { return }
    let path = pairs[index].path
    guard let selection, selection.generation == keys.generation else { return select(path, now) }
    guard selection.path != path else { return }
    guard let current = pairIndex(selection.path) else { return select(path, now) }
    let nominatedBefore = pairs[current].nominatedAt ?? .distantPast
    if let number = pairs[index].nomination, number > (pairs[current].nomination ?? 0) {
      return select(path, now)
    }
    guard nominatedAt > nominatedBefore else { return }
    let isBetter = pairs[index].priority(role: role) >= pairs[current].priority(role: role)
    let isAbandoned = nominatedAt - nominatedBefore >= Self.renominationPatience
    if isBetter || isAbandoned || isRebinding(from: selection.path, to: path)
      || isSuspect(selection, now) || isDeaf(selection, now)
    {
      select(path, now)
    } else {
      self.selection?.probesNow = true
    }
  }

  /// Follows a nomination of just now once the pair in use has left a question unanswered.
  mutating func followNomination(_ now: Instant) {
    guard role == .controlled, let selection, selection.generation == keys.generation,
      isDeaf(selection, now)
    else { return }
    let nominated = pairs.indices.filter {
      now - (pairs[$0].nominatedAt ?? .distantPast) < Self.renominationPatience
        && pairs[$0].isUsable(at: now, consent: configuration.consentTimeout)
    }
    let latest = nominated.max {
      (pairs[$0].nominatedAt ?? .distantPast) < (pairs[$1].nominatedAt ?? .distantPast)
    }
    if let latest { considerNomination(ofPairAt: latest, now) }
  }

  /// An aggressive peer nominates several pairs, of which the best wins; one that moved to a worse pair
  /// nominates only that. Browsers repeat a nomination within 2.5 s, so after 3 s it is the latter.
  private static var renominationPatience: Duration { .seconds(3) }

  /// Whether the peer's address translator gave it another port: same host, same socket of ours.
  private func isRebinding(from old: Path, to new: Path) -> Bool {
    old.local == new.local && old.transport == new.transport && old.remote.ip == new.remote.ip
  }

  // MARK: Both

  /// The pair in use is silent: uses or nominates another one that answered after that began.
  mutating func considerAlternatives(_ now: Instant) {
    guard let selection, selection.generation == keys.generation else { return }
    let alive = pairs.indices.filter {
      pairs[$0].path != selection.path
        && (pairs[$0].answeredAt ?? .distantPast) > selection.aliveAt
    }
    let best = alive.max { pairs[$0].priority(role: role) < pairs[$1].priority(role: role) }
    guard let best else { return }
    switch role {
    case .controlling:
      if nominatingPath == nil { nominate(pairAt: best, now) }
    case .controlled:
      // Without a nomination this waits longer, for the choice is the peer's.
      let nominated = pairs[best].nominatedAt ?? .distantPast
      if nominated > selection.aliveAt || now - selection.aliveAt >= .seconds(3) {
        select(pairs[best].path, now)
      }
    }
  }

  /// Uses a nominated pair although our checks on it got no answer, where nothing else was ever found.
  ///
  /// Some browsers send checks and answer none. Only the first selection, or the old path after a
  /// restart, may be made this way: the peer cannot point a running stream at an address that never
  /// answered us.
  mutating func trustPeersWord(_ now: Instant) {
    guard role == .controlled, state == .checking else { return }
    let index = pairs.indices
      .filter {
        (selection == nil || selection?.path == pairs[$0].path) && pairs[$0].nominationCount >= 2
          && (pairs[$0].attempts >= 3 || pairs[$0].state == .failed)
          && now - (pairs[$0].firstHeardAt ?? now) >= .seconds(1)
      }
      .max { pairs[$0].priority(role: role) < pairs[$1].priority(role: role) }
    if let index { select(pairs[index].path, now) }
  }

  /// Sends by `path` from now on, and leaves the other pairs alone.
  mutating func select(_ path: Path, _ now: Instant) {
    selection = Selection(
      path: path, generation: keys.generation, aliveAt: now, checkedAt: now,
      interval: consentInterval(), selectedAt: now, nomination: nomination)
    if let index = pairIndex(path) { pairs[index].isNominated = true }
    previousKeys = nil
    nominatingPath = nil
    hasLeftPath = false
    state = .connected
    pauseOtherPairs()
  }

  mutating func pauseOtherPairs() {
    for index in pairs.indices where pairs[index].isPending && pairs[index].triggerOrder == nil {
      pairs[index].state = .paused
    }
  }

  /// Checks every other pair again, for the one in use is silent.
  mutating func resumeOtherPairs() {
    for index in pairs.indices where pairs[index].path != selection?.path {
      pairs[index].state = .waiting
      pairs[index].attempts = 0
    }
  }
}
