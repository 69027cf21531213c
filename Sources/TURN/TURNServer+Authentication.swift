import Cryptography
import STUN
import Wire

extension TURNServer {
  /// What an answer has to repeat of its request.
  struct Request {
    let path: Path
    let id: STUNTransactionID
    let method: STUNMethod
    let hasFingerprint: Bool

    init(_ message: borrowing STUNMessage, on path: Path) {
      self.path = path
      id = message.transactionID
      method = message.method
      hasFingerprint = message.fingerprintCheck == .valid
    }
  }

  /// Who sent a request.
  struct Identity {
    let username: String
    let key: STUNLongTermKey
    /// When the credentials run out, in seconds of Unix time.
    let expiresAt: Int64?
  }

  private enum Verdict {
    case accepted(Identity)
    /// With realm and nonce, so that the client can try again.
    case challenged(STUNErrorCode)
    case refused(STUNErrorCode)
  }

  /// Whose a request is; where that is nobody's, it has been answered (RFC 8489 §9.2.4).
  func authenticate(
    _ message: borrowing STUNMessage, _ request: Request, _ now: Instant, _ outbox: Outbox
  ) -> Identity? {
    let verdict = judge(message, request.path, now)
    if case .accepted(let identity) = verdict { return identity }
    guard request.path.transport != .udp || challengeLimiter.admit(request.path.remote.ip, at: now)
    else {
      statistics.unansweredRequests &+= 1
      return nil
    }
    let unknown = message.unknownRequiredAttributes(isKnown: isKnown)
    switch verdict {
    case .accepted(let identity): return identity
    case .challenged(let code): challenge(request, code, now, outbox)
    case .refused(let code):
      refuse(request, unknown.isEmpty ? code : .unknownAttribute, nil, unknown, outbox)
    }
    return nil
  }

  private func judge(
    _ message: borrowing STUNMessage, _ path: Path, _ now: Instant
  ) -> Verdict {
    guard message.hasMessageIntegrity || message.hasMessageIntegritySHA256 else {
      return .challenged(.unauthenticated)
    }
    guard message.usernameText != nil || message.contains(.userHash), let realm = message.realm,
      let nonce = message.nonce
    else { return .refused(.badRequest) }
    guard nonces.accepts(nonce, of: path, at: now) else { return .challenged(.staleNonce) }
    guard let algorithm = algorithm(of: message) else { return .refused(.badRequest) }
    guard let username = message.usernameText ?? username(ofHashIn: message),
      revokedUsernames[username] == nil
    else { return .challenged(.unauthenticated) }
    let known = configuration.authority.passwords(of: username, unixTime: unixTime(now))
    guard realm == configuration.realm else { return .challenged(.unauthenticated) }
    for password in known.passwords {
      let key = STUNLongTermKey(
        username: username, realm: realm, password: password, algorithm: algorithm)
      if message.isAuthentic(key: key) {
        return .accepted(Identity(username: username, key: key, expiresAt: known.expiresAt))
      }
    }
    return .challenged(.unauthenticated)
  }

  /// The algorithm a client chose; nil where it is not one of those offered, or the offer came back changed.
  private func algorithm(of message: borrowing STUNMessage) -> STUNPasswordAlgorithm? {
    guard message.contains(.passwordAlgorithm) || message.contains(.passwordAlgorithms) else {
      return .md5
    }
    guard configuration.offersSHA256, let offered = try? message.passwordAlgorithms,
      offered == Self.offeredAlgorithms
    else { return nil }
    return try? message.passwordAlgorithm
  }

  private static let offeredAlgorithms = [STUNPasswordAlgorithm.sha256, .md5]

  /// The name that USERHASH stands for (RFC 8489 §9.2): of users with passwords of their own, since those of
  /// shared secrets have names we have never heard.
  private func username(ofHashIn message: borrowing STUNMessage) -> String? {
    guard configuration.acceptsUserHashes, let value = message.value(of: .userHash),
      value.count == 32
    else { return nil }
    let hash = [UInt8](capacity: 32) { $0.append(copying: value) }
    if let known = usernamesByHash { return known[hash] }
    var known: [[UInt8]: String] = [:]
    for name in configuration.authority.users.keys {
      let text = Array("\(name):\(configuration.realm)".utf8)
      known[MessageDigest.sha256.hash(text.span)] = name
    }
    usernamesByHash = known
    return known[hash]
  }

  /// The comprehension-required attributes a request may hold without being refused. Tokens of RFC 7635 are
  /// not among them.
  func isKnown(_ type: STUNAttributeType) -> Bool {
    switch type {
    case .mappedAddress, .username, .errorCode, .unknownAttributes, .realm, .nonce,
      .xorMappedAddress, .channelNumber, .lifetime, .xorPeerAddress, .data, .xorRelayedAddress,
      .requestedAddressFamily, .requestedTransport, .evenPort, .passwordAlgorithm,
      .reservationToken:
      true
    case .dontFragment: configuration.canForbidFragmentation
    case .connectionID: configuration.relaysTCP
    case .userHash: configuration.acceptsUserHashes
    default: false
    }
  }

  // MARK: Answers

  private func challenge(
    _ request: Request, _ code: STUNErrorCode, _ now: Instant, _ outbox: Outbox
  ) {
    statistics.refusals[code.rawValue, default: 0] &+= 1
    let nonce = nonces.make(for: request.path, at: now)
    let realm = configuration.realm
    outbox.append(on: request.path, capacity: 120 + realm.utf8.count) { output in
      output.beginSTUN(.error, request.id, method: request.method)
      output.appendSTUN(code)
      output.appendSTUN(.realm, realm)
      output.appendSTUN(.nonce, nonce.span)
      if configuration.offersSHA256 {
        output.appendSTUN(passwordAlgorithms: Self.offeredAlgorithms)
      }
      output.finishSTUN(fingerprint: request.hasFingerprint)
    }
  }

  func refuse(
    _ request: Request, _ code: STUNErrorCode, _ key: STUNLongTermKey?,
    _ unknown: [STUNAttributeType] = [], _ outbox: Outbox
  ) {
    statistics.refusals[code.rawValue, default: 0] &+= 1
    outbox.append(on: request.path, capacity: 120 + 2 * unknown.count) { output in
      output.beginSTUN(.error, request.id, method: request.method)
      output.appendSTUN(code)
      if !unknown.isEmpty { output.appendSTUN(unknownAttributes: unknown) }
      finish(request, key, &output)
    }
  }

  func accept(
    _ request: Request, _ key: STUNLongTermKey?, _ outbox: Outbox,
    _ write: (inout OutputSpan<UInt8>) -> Void
  ) {
    outbox.append(on: request.path, capacity: 200) { output in
      output.beginSTUN(.success, request.id, method: request.method)
      write(&output)
      finish(request, key, &output)
    }
  }

  @_lifetime(output: copy output)
  private func finish(
    _ request: Request, _ key: STUNLongTermKey?, _ output: inout OutputSpan<UInt8>
  ) {
    if let key {
      output.finishSTUN(key: key, fingerprint: request.hasFingerprint)
    } else {
      output.finishSTUN(fingerprint: request.hasFingerprint)
    }
  }
}
