import Wire

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

  private mutating func dropSelection() {
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
    let isCurrent = selection.generation == keys.generation
    guard let keys = isCurrent ? keys : previousKeys else { return }
    // The nomination is repeated with each check, so that a peer that lost it, or sees us come from
    // a new address, knows which pair is in use.
    sendCheck(on: selection.path, keys, nominates: role == .controlling, now, outbox)
  }

  /// Every 4–6 s; after 4 s of silence at once, and then as often as an answer may be hoped for, so
  /// that an outage shows soon and its end at once.
  private func nextConsentCheck(_ selection: Selection) -> Instant {
    if selection.probesNow { return selection.checkedAt + retryInterval }
    let quiet = selection.checkedAt + selection.interval
    let retry = selection.unansweredCount > 0 ? selection.checkedAt + retryInterval : .distantPast
    let silence = selection.aliveAt + configuration.consentInterval.lowerBound
    return min(quiet, max(retry, silence))
  }

  /// How long an answer may take before it is missed.
  private var retryInterval: Duration {
    max(.milliseconds(250), (statistics.roundTripTime ?? .milliseconds(250)) * 2)
  }

  /// Whether a check has been without an answer for so long that the path may be dead.
  func isSuspect(_ selection: Selection, _ now: Instant) -> Bool {
    guard let since = selection.unansweredSince else { return false }
    return now - since >= retryInterval
  }

  private func isDisconnected(_ selection: Selection, _ now: Instant) -> Bool {
    now - selection.aliveAt >= configuration.disconnectedTimeout && isSuspect(selection, now)
  }

  func nextConsentEvent(_ selection: Selection, _ now: Instant) -> Instant {
    var next = min(
      nextConsentCheck(selection), selection.aliveAt + configuration.consentTimeout)
    if let since = selection.unansweredSince {
      let suspicion = since + retryInterval
      let notice = max(selection.aliveAt + configuration.disconnectedTimeout, suspicion)
      if suspicion > now { next = min(next, suspicion) }
      if state == .connected { next = min(next, notice) }
    }
    return next
  }
}
