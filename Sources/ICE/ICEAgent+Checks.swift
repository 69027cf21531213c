import STUN
import Wire

extension ICEAgent {
  /// Starts the clock of the checking state.
  mutating func begin(_ now: Instant) {
    if state == .checking, checkingSince == nil, keys.remote != nil { checkingSince = now }
  }

  /// Everything that time brings about.
  mutating func work(_ now: Instant, _ outbox: Outbox) {
    watchConsent(now)
    abandonUnanswered(now)
    watchChecking(now)
    guard state != .failed, !configuration.isLite else { return }
    sendConsentCheck(now, outbox)
    if role == .controlling { chooseNominee(now) }
    if configuration.movesToBetterPairs { seekBetterPair(now) }
    if selection.map({ isSuspect($0, now) }) == true { considerAlternatives(now) }
    sendCheck(now, outbox)
    trustPeersWord(now)
    followNomination(now)
    leaveUnprovenPath(now)
  }

  private mutating func watchChecking(_ now: Instant) {
    guard state == .checking, let checkingSince else { return }
    let elapsed = now - checkingSince
    let isExhausted =
      !configuration.isLite && remoteCandidatesAreComplete
      && elapsed >= configuration.exhaustedTimeout
      && pairs.allSatisfy { $0.state == .failed }
    if elapsed >= configuration.checkingTimeout || isExhausted { fail() }
  }

  mutating func fail() {
    state = .failed
    selection = nil
    previousKeys = nil
    nominatingPath = nil
    pairs.removeAll()
    transactions.removeAll()
  }

  /// Sends at most one check, when pacing allows it (RFC 8445 §6.1.4.2): a triggered one before a
  /// first one before a repeated one.
  private mutating func sendCheck(_ now: Instant, _ outbox: Outbox) {
    guard keys.remote != nil, now >= nextSlot, let index = nextPairIndex(now) else {
      return
    }
    nextSlot = now + configuration.pacing
    pairs[index].triggerOrder = nil
    pairs[index].state = .inProgress
    pairs[index].attempts += 1
    pairs[index].sentAt = now
    pairs[index].retryAt = now + retryInterval(of: pairs[index])
    let path = pairs[index].path
    sendCheck(
      on: path, keys, nominates: role == .controlling && nominatingPath == path, now, outbox)
  }

  /// Doubles from one check of a pair to the next. Where the peer is known to be at the other end, only
  /// loss can keep the answer away, and asking again soon is what helps.
  private func retryInterval(of pair: CandidatePair) -> Duration {
    guard pair.path.transport == .udp else { return configuration.streamRetryInterval }
    let initial = configuration.initialRetryInterval
    if pair.isValidated { return max(initial, (pair.roundTripTime ?? .zero) * 2) }
    let doublings = Int64(min(max(pair.attempts, 1), 16) - 1)
    return min(initial * (1 << doublings), configuration.maximumRetryInterval)
  }

  private mutating func abandonUnanswered(_ now: Instant) {
    for index in pairs.indices
    where pairs[index].state == .inProgress && pairs[index].retryAt <= now
      && pairs[index].triggerOrder == nil && pairs[index].attempts >= maximumAttempts(pairs[index])
    {
      pairs[index].state = .failed
      if nominatingPath == pairs[index].path { nominatingPath = nil }
    }
  }

  private func maximumAttempts(_ pair: CandidatePair) -> Int {
    let attempts =
      pair.path.transport == .udp
      ? configuration.maximumAttempts : configuration.maximumStreamAttempts
    return attempts * (pair.isValidated ? 4 : 1)
  }

  private func nextPairIndex(_ now: Instant) -> Int? {
    let triggered = pairs.indices.filter { pairs[$0].triggerOrder != nil }
    if let first = triggered.min(by: {
      (pairs[$0].triggerOrder ?? 0) < (pairs[$1].triggerOrder ?? 0)
    }) {
      return first
    }
    let waiting = pairs.indices.filter { pairs[$0].state == .waiting }
    if let best = waiting.max(by: {
      pairs[$0].priority(role: role) < pairs[$1].priority(role: role)
    }) {
      return best
    }
    let due = pairs.indices.filter { pairs[$0].state == .inProgress && pairs[$0].retryAt <= now }
    return due.min { pairs[$0].retryAt < pairs[$1].retryAt }
  }

  /// Writes one Binding request (RFC 8445 §7.2.2).
  mutating func sendCheck(
    on path: Path, _ keys: Keys, nominates: Bool, _ now: Instant, _ outbox: Outbox
  ) {
    guard let remote = keys.remote else { return }
    let id = STUNTransactionID.random(using: &random)
    remember(
      Transaction(
        id: id, path: path, sentAt: now, generation: keys.generation, role: role,
        nominates: nominates), now)
    let priority =
      ICECandidate.Kind.peerReflexive.typePreference(path.transport) << 24
      | localPriority(on: path) & 0x00ff_ffff
    let nomination = nominates && usesRenomination ? nominationNumber(of: path) : nil
    let roleType: STUNAttributeType = role == .controlling ? .iceControlling : .iceControlled
    let tieBreaker = tieBreaker
    outbox.append(on: path, capacity: 108 + remote.username.count) { output in
      output.beginSTUN(.request, id)
      output.appendSTUN(.username, remote.username.span)
      output.appendSTUN(.priority, priority)
      output.appendSTUN(roleType, tieBreaker)
      if nominates { output.appendSTUN(.useCandidate) }
      if let nomination { output.appendSTUN(.nomination, nomination) }
      output.finishSTUN(key: remote.password.span)
    }
    statistics.checksSent &+= 1
    if let index = pairIndex(path) { pairs[index].counts.requestsSent &+= 1 }
  }

  /// Keeps what may still be answered: of the last ten seconds, at most 64.
  private mutating func remember(_ transaction: Transaction, _ now: Instant) {
    if let oldest = transactions.first,
      transactions.count >= 64 || now - oldest.sentAt > .seconds(10)
    {
      transactions.removeAll { now - $0.sentAt > .seconds(10) }
      if transactions.count >= 64 { transactions.removeFirst() }
    }
    transactions.append(transaction)
  }

  // MARK: Time

  /// The next moment at which `work` has something to do.
  func nextDeadline(_ now: Instant) -> Instant? {
    var next = Instant.distantFuture
    if let selection { next = min(next, nextConsentEvent(selection, now)) }
    if state == .checking, let checkingSince {
      next = min(next, checkingSince + configuration.checkingTimeout)
      if remoteCandidatesAreComplete, !configuration.isLite {
        let exhausted = checkingSince + configuration.exhaustedTimeout
        if exhausted > now { next = min(next, exhausted) }
      }
    }
    if role == .controlling, nominatingPath == nil, let firstValidAt,
      selection?.generation != keys.generation
    {
      for factor in [1, 5] as [Int64] {
        let patience = firstValidAt + configuration.nominationPatience * factor
        if patience > now { next = min(next, patience) }
      }
    }
    if configuration.movesToBetterPairs, let due = nextBackgroundCheck() { next = min(next, due) }
    if keys.remote != nil, !configuration.isLite {
      for pair in pairs {
        if pair.triggerOrder != nil || pair.state == .waiting {
          next = min(next, max(nextSlot, now))
        } else if pair.state == .inProgress {
          next = min(next, max(nextSlot, pair.retryAt))
        }
      }
    }
    return next == .distantFuture ? nil : next
  }
}
