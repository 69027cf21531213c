import Wire

extension ICEAgent {
  /// A connection is tried again so often before its pair has failed.
  private static var maximumBreaks: Int { 3 }

  /// Nothing can be sent by `path` any more.
  mutating func noteFailure(of path: Path, _ now: Instant) {
    transactions.removeAll { $0.path == path }
    if nominatingPath == path { nominatingPath = nil }
    if let index = pairIndex(path) { breakPair(at: index, now) }
    guard let selection, selection.path == path, state != .disconnected else { return }
    // No need to wait for silence. The path stays selected: it may come back, and nothing better is
    // known yet.
    let longAgo = now - configuration.disconnectedTimeout
    self.selection?.unansweredSince = longAgo
    self.selection?.aliveAt = min(selection.aliveAt, longAgo)
    self.selection?.probesNow = true
    if state == .connected, selection.generation == keys.generation {
      state = .disconnected
      resumeOtherPairs()
    }
  }

  private mutating func breakPair(at index: Int, _ now: Instant) {
    pairs[index].triggerOrder = nil
    pairs[index].breakCount += 1
    let path = pairs[index].path
    guard opensConnection(path), pairs[index].breakCount <= Self.maximumBreaks else {
      pairs[index].state = .failed
      return
    }
    // The next check opens another connection.
    pairs[index].state = .inProgress
    pairs[index].attempts = min(pairs[index].attempts, configuration.maximumStreamAttempts - 1)
    pairs[index].retryAt = now + .seconds(Int64(pairs[index].breakCount))
  }

  /// Whether it is we who connect: from a candidate of ours that does, to one the peer signalled.
  private func opensConnection(_ path: Path) -> Bool {
    guard path.transport != .udp else { return false }
    return localCandidates.contains { local in
      local.base == path.local
        && remoteCandidates.contains {
          $0.candidate.address == path.remote && local.candidate.reaches($0.candidate)
        }
    }
  }
}
