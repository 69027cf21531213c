public import Wire

extension ICEAgent {
  /// Tells a silent path as disconnected, and gives it up when consent expires (RFC 7675 §5.1).
  mutating func watchConsent(_ now: Instant) {
    guard let selection else { return }
    if now - selection.aliveAt >= configuration.consentTimeout {
      // The old path of a restart may end while the new one is still looked for.
      if selection.generation == keys.generation { fail() } else { dropSelection() }
    } else if state == .connected, isDisconnected(selection, now) {
      state = .disconnected
      resumeOtherPairs()
    }
  }

  mutating func dropSelection() {
    selection = nil
    previousKeys = nil
  }

  /// The peer proved to be at the other end of the path in use.
  ///
  /// An answer does, and so does an authenticated check of the peer: some browsers stop answering
  /// while they still ask.
  mutating func noteAlive(_ now: Instant) {
    selection?.aliveAt = now
    selection?.unansweredCount = 0
    selection?.unansweredSince = nil
    if state == .disconnected {
      state = .connected
      pauseOtherPairs()
    }
  }

  /// Tells that media of the peer has arrived, authenticated by its own keys.
  ///
  /// That is no consent (RFC 7675 §5.1). But where much is lost a few answers in a row are lost too, and nobody is
  /// to be told of an outage for that.
  public mutating func noteMedia(at now: Instant) { selection?.heardAt = now }

  mutating func consentInterval() -> Duration {
    let range = configuration.consentInterval
    let width = (range.upperBound - range.lowerBound).nanoseconds
    guard width > 0 else { return range.lowerBound }
    return range.lowerBound + Duration(nanoseconds: Int64.random(in: 0...width, using: &random))
  }

  /// Asks the peer on the path in use, each time with a new transaction (RFC 7675 §5.1).
  mutating func sendConsentCheck(_ now: Instant, _ outbox: Outbox) {
    guard let selection, now >= nextConsentCheck(selection) else { return }
    let interval = consentInterval()
    self.selection?.checkedAt = now
    self.selection?.interval = interval
    self.selection?.probesNow = false
    self.selection?.unansweredCount &+= 1
    if selection.unansweredSince == nil { self.selection?.unansweredSince = now }
    if selection.askedAt == nil { self.selection?.askedAt = now }
    let isCurrent = selection.generation == keys.generation
    guard let keys = isCurrent ? keys : previousKeys else { return }
    // The nomination is repeated with each check, so that a peer that lost it, or sees us come from
    // a new address, knows which pair is in use.
    sendCheck(on: selection.path, keys, nominates: role == .controlling, now, outbox)
    if let index = pairIndex(selection.path) {
      pairs[index].counts.consentRequestsSent &+= 1
    }
  }

  /// Every 4–6 s; after 4 s of silence at once, and then as often as an answer may be hoped for, so
  /// that an outage shows soon and its end at once.
  private func nextConsentCheck(_ selection: Selection) -> Instant {
    if selection.probesNow || isUnproven(selection) { return selection.checkedAt + retryInterval }
    let quiet = selection.checkedAt + selection.interval
    let retry = selection.unansweredCount > 0 ? selection.checkedAt + retryInterval : .distantPast
    let silence = selection.aliveAt + configuration.consentInterval.lowerBound
    return min(quiet, max(retry, min(silence, mediaStop(selection)?.noticed ?? silence)))
  }

  /// Where media flowed until a moment ago: when its stop is noticed, and when it is an outage.
  private func mediaStop(_ selection: Selection) -> (noticed: Instant, outage: Instant)? {
    guard let silence = configuration.mediaSilence,
      selection.heardAt > selection.aliveAt - silence
    else { return nil }
    let noticed = max(selection.heardAt, selection.aliveAt) + silence
    return (noticed, noticed + silence)
  }

  /// How long an answer may take before it is missed.
  var retryInterval: Duration {
    max(.milliseconds(250), (statistics.roundTripTime ?? .milliseconds(250)) * 2)
  }

  /// Whether a check has been without an answer for so long that the path may be dead.
  func isSuspect(_ selection: Selection, _ now: Instant) -> Bool {
    guard let since = selection.unansweredSince else { return false }
    return now - since >= retryInterval
  }

  /// Whether the peer sends by the path but answers nothing there: what we send may not arrive.
  func isDeaf(_ selection: Selection, _ now: Instant) -> Bool {
    guard let askedAt = selection.askedAt else { return false }
    return now - askedAt >= retryInterval
  }

  private func isDisconnected(_ selection: Selection, _ now: Instant) -> Bool {
    // A lite agent asks nothing; it hears the peer ask as often as we would.
    if configuration.isLite { return now - selection.aliveAt >= liteSilence }
    return now >= disconnection(selection) && isSuspect(selection, now)
  }

  /// When silence becomes an outage: twice as late while media of the peer arrives.
  private func disconnection(_ selection: Selection) -> Instant {
    let timeout = configuration.disconnectedTimeout
    let mediaEnd = min(selection.heardAt + .seconds(1), selection.aliveAt + timeout * 2)
    let silence = max(selection.aliveAt + timeout, mediaEnd)
    return min(silence, mediaStop(selection)?.outage ?? silence)
  }

  // MARK: The old path of a restart

  /// Whether the old path of a restart has not answered since. What the peer sends by it says nothing of the way to
  /// the peer, so it is asked until it answers.
  func isUnproven(_ selection: Selection) -> Bool {
    guard selection.generation != keys.generation, let checkingSince else { return false }
    return selection.answeredAt < checkingSince
  }

  /// Whether the old path of a restart has had its time to answer, and has not, and the choice is the peer's.
  func mayLeaveOldPath(_ now: Instant) -> Bool {
    guard role == .controlled, let selection, let checkingSince else { return false }
    return isUnproven(selection) && now - checkingSince >= retryInterval * 2
  }

  /// Follows a peer that names another old path than ours and answers there: its restart may find nothing better, and it
  /// stays where it is.
  mutating func followOnOldPath(_ transaction: Transaction, _ now: Instant) {
    guard mayLeaveOldPath(now), let selection, selection.path != transaction.path,
      selection.generation == transaction.generation
    else { return }
    self.selection = Selection(
      path: transaction.path, generation: transaction.generation, aliveAt: now, answeredAt: now,
      checkedAt: now, interval: consentInterval(), selectedAt: now)
  }

  /// Leaves an old path that does not answer for a new one that does, without waiting for the peer's choice: a peer
  /// whose old path is dead in one direction may take its time to see it.
  mutating func leaveUnprovenPath(_ now: Instant) {
    guard role == .controlled, state == .checking, checkingSince != nil else { return }
    if selection != nil {
      guard mayLeaveOldPath(now) else { return }
    } else if !hasLeftPath {
      return
    }
    let answered = pairs.indices.filter { pairs[$0].answeredAt != nil }
    let best = answered.max { pairs[$0].priority(role: role) < pairs[$1].priority(role: role) }
    if let best { select(pairs[best].path, now) }
  }

  /// Two checks of the peer are missing, and a third is due.
  private var liteSilence: Duration { configuration.consentInterval.upperBound * 2 }

  func nextConsentEvent(_ selection: Selection, _ now: Instant) -> Instant {
    if configuration.isLite {
      let notice = selection.aliveAt + liteSilence
      let end = selection.aliveAt + configuration.consentTimeout
      return state == .connected ? min(notice, end) : end
    }
    var next = min(
      nextConsentCheck(selection), selection.aliveAt + configuration.consentTimeout)
    if let askedAt = selection.askedAt, askedAt + retryInterval > now {
      next = min(next, askedAt + retryInterval)
    }
    if let since = selection.unansweredSince {
      let suspicion = since + retryInterval
      let notice = max(disconnection(selection), suspicion)
      if suspicion > now { next = min(next, suspicion) }
      if state == .connected { next = min(next, notice) }
    }
    return next
  }
}
