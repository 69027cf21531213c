import STUN
import Wire

extension ICEAgent {
  /// Sorts one datagram. Whatever is not authenticated changes nothing but a count.
  mutating func process(
    _ datagram: Span<UInt8>, on path: Path, _ now: Instant, _ outbox: Outbox
  ) {
    guard let message = try? STUNMessage(parsing: datagram), message.method == .binding,
      message.fingerprintCheck != .invalid
    else { return reject() }
    switch message.messageClass {
    case .request: receiveRequest(message, on: path, now, outbox)
    case .success, .error: receiveResponse(message, on: path, now)
    // A keepalive (RFC 8445 §11). It is not authenticated, so it proves nothing.
    case .indication: break
    }
  }

  mutating func reject() { statistics.rejectedDatagrams &+= 1 }

  // MARK: Checks of the peer (RFC 8445 §7.3)

  private mutating func receiveRequest(
    _ message: borrowing STUNMessage, on path: Path, _ now: Instant, _ outbox: Outbox
  ) {
    // Silence towards anyone without the password: nothing to reflect, nothing to learn, no state.
    guard let keys = authenticate(message) else { return reject() }
    let unknown = message.unknownRequiredAttributes(isKnown: Self.isKnown)
    guard unknown.isEmpty else {
      return refuse(message, .unknownAttribute, keys, on: path, outbox, unknown: unknown)
    }
    let check: PeerCheck
    do throws(STUNError) {
      check = try PeerCheck(message)
    } catch {
      return refuse(message, .badRequest, keys, on: path, outbox)
    }
    statistics.checksReceived &+= 1
    guard keys.generation == self.keys.generation else {
      // The peer has not heard of our restart yet, or has found nothing better since: keep the old path alive, and change
      // nothing else as long as that one answers.
      accept(message, keys, on: path, outbox)
      if selection?.path == path, selection?.generation == keys.generation {
        noteAlive(now)
      } else if check.nominates, mayLeaveOldPath(now) {
        sendCheck(on: path, keys, nominates: false, now, outbox)
      }
      return
    }
    guard resolveRoles(check) else {
      return refuse(message, .roleConflict, keys, on: path, outbox)
    }
    accept(message, keys, on: path, outbox)
    note(check, on: path, now)
  }

  /// What a check says besides its credentials.
  struct PeerCheck {
    let priority: UInt32?
    let nominates: Bool
    let nomination: UInt32?
    let controlling: UInt64?
    let controlled: UInt64?

    init(_ message: borrowing STUNMessage) throws(STUNError) {
      priority = try message.priority
      nominates = message.usesCandidate
      nomination = message.nomination
      controlling = try message.controllingTieBreaker
      controlled = try message.controlledTieBreaker
    }
  }

  /// The credentials a request was made with, where it was.
  private func authenticate(_ message: borrowing STUNMessage) -> Keys? {
    guard message.hasMessageIntegrity, let username = try? message.username else { return nil }
    if keys.isNamed(in: username), message.isAuthentic(key: keys.localPassword.span) {
      return keys
    }
    if let previousKeys, previousKeys.isNamed(in: username),
      message.isAuthentic(key: previousKeys.localPassword.span)
    {
      return previousKeys
    }
    return nil
  }

  /// The comprehension-required attributes a check may hold without being refused.
  private static func isKnown(_ type: STUNAttributeType) -> Bool {
    switch type {
    case .username, .messageIntegrity, .priority, .useCandidate, .draftNomination, .mappedAddress,
      .xorMappedAddress, .errorCode, .unknownAttributes, .realm, .nonce:
      true
    default: false
    }
  }

  private func accept(
    _ request: borrowing STUNMessage, _ keys: Keys, on path: Path, _ outbox: Outbox
  ) {
    let id = request.transactionID
    outbox.append(on: path, capacity: 96) { output in
      output.beginSTUN(.success, id)
      output.appendSTUN(.xorMappedAddress, xor: path.remote, id)
      output.finishSTUN(key: keys.localPassword.span)
    }
  }

  private func refuse(
    _ request: borrowing STUNMessage, _ code: STUNErrorCode, _ keys: Keys, on path: Path,
    _ outbox: Outbox, unknown: [STUNAttributeType] = []
  ) {
    let id = request.transactionID
    outbox.append(on: path, capacity: 96 + 2 * unknown.count) { output in
      output.beginSTUN(.error, id)
      output.appendSTUN(code)
      if !unknown.isEmpty { output.appendSTUN(unknownAttributes: unknown) }
      output.finishSTUN(key: keys.localPassword.span)
    }
  }

  /// Takes note of an authenticated check: of its pair, of a nomination, and that the peer is there
  /// (RFC 8445 §7.3.1.3–5).
  private mutating func note(_ check: PeerCheck, on path: Path, _ now: Instant) {
    var isNew = false
    if pairIndex(path) == nil {
      isNew = true
      var pair = makePair(
        path: path, localPriority: localPriority(on: path),
        remotePriority: check.priority
          ?? ICECandidate.priority(kind: .peerReflexive, localPreference: 0, component: 1))
      pair.heardAt = now
      add(pair)
    }
    guard let index = pairIndex(path) else { return }
    if pairs[index].firstHeardAt == nil { pairs[index].firstHeardAt = now }
    pairs[index].heardAt = now
    pairs[index].counts.requestsReceived &+= 1
    pairs[index].counts.responsesSent &+= 1
    if role == .controlled, check.nominates { noteNomination(check.nomination, pairAt: index, now) }
    if selection?.path == path, selection?.generation == keys.generation {
      noteAlive(now)
      return
    }
    // A new address of the peer may mean that the old one is gone: ask there.
    if isNew { selection?.probesNow = true }
    if configuration.isLite {
      pairs[index].state = .succeeded
      considerNomination(ofPairAt: index, now)
    } else if pairs[index].isUsable(at: now, consent: configuration.consentTimeout) {
      considerNomination(ofPairAt: index, now)
    } else {
      trigger(pairAt: index, now)
    }
  }

  /// Puts a pair in the triggered-check queue (RFC 8445 §7.3.1.4).
  mutating func trigger(pairAt index: Int, _ now: Instant) {
    guard pairs[index].triggerOrder == nil else { return }
    let earliest = pairs[index].sentAt + configuration.pacing
    guard pairs[index].state != .inProgress || now >= earliest else {
      pairs[index].retryAt = min(pairs[index].retryAt, earliest)
      return
    }
    if !pairs[index].isPending { pairs[index].attempts = 0 }
    triggerCounter &+= 1
    pairs[index].triggerOrder = triggerCounter
    pairs[index].state = .waiting
    // A nominating check of the peer is answered by a check at once: one packet for one packet. It
    // saves the wait for the next slot on the way to the first media.
    if pairs[index].nominatedAt == now, selection == nil { nextSlot = .distantPast }
  }

  // MARK: Answers to our checks (RFC 8445 §7.2.5)

  private mutating func receiveResponse(
    _ message: borrowing STUNMessage, on path: Path, _ now: Instant
  ) {
    let id = message.transactionID
    // An answer has to come back the way the check went (RFC 8445 §7.2.5.2.1).
    guard let index = transactions.firstIndex(where: { $0.id == id && $0.path == path }),
      let password = remotePassword(generation: transactions[index].generation),
      message.isAuthentic(key: password.span),
      message.unknownRequiredAttributes(isKnown: Self.isKnown).isEmpty
    else { return reject() }
    if message.messageClass == .error {
      guard let code = try? message.errorCode else { return reject() }
      receiveError(code, transactions.remove(at: index), now)
    } else {
      guard let mapped = try? message.xorMappedAddress else { return reject() }
      statistics.responsesReceived &+= 1
      receiveSuccess(transactions.remove(at: index), mapped, now)
    }
  }

  private func remotePassword(generation: UInt32) -> [UInt8]? {
    if keys.generation == generation { return keys.remote?.password }
    if previousKeys?.generation == generation { return previousKeys?.remote?.password }
    return nil
  }

  private mutating func receiveSuccess(
    _ transaction: Transaction, _ mapped: TransportAddress, _ now: Instant
  ) {
    let sample = now - transaction.sentAt
    if let selection, selection.path == transaction.path,
      selection.generation == transaction.generation
    {
      noteAlive(now)
      self.selection?.answeredAt = now
      self.selection?.askedAt = nil
      let smoothed = statistics.roundTripTime.map { ($0 * 7 + sample) / 8 }
      statistics.roundTripTime = smoothed ?? sample
    }
    if transaction.generation != keys.generation { followOnOldPath(transaction, now) }
    guard transaction.generation == keys.generation, let index = pairIndex(transaction.path) else {
      return
    }
    pairs[index].answeredAt = now
    pairs[index].roundTripTime = sample
    pairs[index].mappedAddress = mapped
    pairs[index].breakCount = 0
    pairs[index].counts.responsesReceived &+= 1
    pairs[index].counts.totalRoundTripTime = pairs[index].counts.totalRoundTripTime + sample
    // An older check's answer does not end the checks that nominate the pair.
    guard nominatingPath != transaction.path || transaction.nominates else { return }
    pairs[index].state = .succeeded
    pairs[index].triggerOrder = nil
    switch role {
    case .controlled: considerNomination(ofPairAt: index, now)
    case .controlling:
      firstValidAt = firstValidAt ?? now
      if transaction.nominates, transaction.role == .controlling,
        nominatingPath == transaction.path
      {
        select(pairs[index].path, now)
      }
    }
  }

  private mutating func receiveError(
    _ code: STUNErrorCode, _ transaction: Transaction, _ now: Instant
  ) {
    guard transaction.generation == keys.generation, let index = pairIndex(transaction.path) else {
      return
    }
    pairs[index].counts.responsesReceived &+= 1
    if code.rawValue == STUNErrorCode.roleConflict.rawValue {
      if yieldRole(to: transaction) {
        trigger(pairAt: index, now)
      } else {
        pairs[index].state = .failed
      }
    } else if selection?.path != transaction.path {
      pairs[index].state = .failed
      if nominatingPath == transaction.path { nominatingPath = nil }
    }
  }
}
