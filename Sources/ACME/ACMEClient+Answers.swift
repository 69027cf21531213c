import Foundation
public import Wire

extension ACMEClient {
  // MARK: What came of it

  /// The answer to the request that `next` gave last.
  public mutating func receive(_ answer: ACMEAnswer, at now: Instant) {
    let wasNonce = isFetchingNonce
    isFetchingNonce = false
    // Each is good for one request.
    nonce = answer.nonce
    do throws(ACMEFailure) {
      if wasNonce {
        guard (200...204).contains(answer.status), nonce != nil else {
          throw ACMEFailure("the certificate authority gives no nonce (\(answer.status))")
        }
      } else if try !retriesNonce(answer) {
        refusedNonces = 0
        try advance(answer, at: now)
      }
    } catch {
      phase = .failed(error)
    }
  }

  /// Whether the request is to be sent again for its nonce's sake (RFC 8555 §6.5). Throws what else is wrong.
  private mutating func retriesNonce(_ answer: ACMEAnswer) throws(ACMEFailure) -> Bool {
    guard answer.status >= 400 else { return false }
    let problem = try? JSONDecoder().decode(ACMEProblem.self, from: Data(answer.body))
    if problem?.kind == "badNonce", refusedNonces < Self.nonceAttempts {
      refusedNonces += 1
      return true
    }
    throw ACMEFailure(
      problem ?? ACMEProblem(detail: "no reason given"), status: answer.status,
      retryAfter: answer.retryAfter)
  }

  private mutating func advance(_ answer: ACMEAnswer, at now: Instant) throws(ACMEFailure) {
    switch phase {
    case .directory:
      let found = try decode(ACMEDirectory.self, answer)
      for url in [found.newNonce, found.newAccount, found.newOrder] { try check(url) }
      directory = found
      phase = .account
    case .account:
      account = try location(answer)
      phase = .order
    case .order:
      orderURL = try location(answer)
      let made = try orderState(answer)
      order = made
      phase = .authorizations(left: made.authorizations)
      beginWaiting(at: now)
    case .authorizations(let left): try authorize(answer, left, at: now)
    case .challenges(let left):
      phase =
        left.count > 1
        ? .challenges(left: Array(left.dropFirst())) : .checking(left: openAuthorizations)
      beginWaiting(at: now)
    case .checking(let left): try check(answer, left, at: now)
    case .awaitingReady, .finalizing, .awaitingCertificate: try follow(answer, at: now)
    case .downloading:
      guard let chain = String(validating: answer.body, as: UTF8.self),
        chain.contains("-----BEGIN CERTIFICATE-----")
      else { throw ACMEFailure("the certificate authority sent no certificate") }
      phase = .finished(chain)
    case .answering, .finished, .failed: break
    }
  }

  /// One of the order's authorizations: perhaps it is good already, otherwise a challenge is chosen.
  private mutating func authorize(
    _ answer: ACMEAnswer, _ left: [String], at now: Instant
  ) throws(ACMEFailure) {
    let found = try decode(ACMEAuthorization.self, answer)
    guard wish.names.contains(found.identifier.value) else { throw unreadable }
    switch found.status {
    case .valid: break
    case .pending:
      guard let challenge = found.challenges.first(where: { $0.type == wish.kind.rawValue }),
        let token = challenge.token, isToken(token)
      else {
        throw ACMEFailure(
          "the certificate authority does not check \(found.identifier.value.prefix(253)) by "
            + wish.kind.rawValue, isChallenge: true)
      }
      try check(challenge.url)
      answers.append(
        ACMEChallengeAnswer(
          kind: wish.kind, name: found.identifier.value, token: token,
          keyAuthorization: key.authorization(for: token)))
      challengeURLs.append(challenge.url)
      openAuthorizations.append(contentsOf: left.prefix(1))
    default: throw rejection(found)
    }
    let rest = Array(left.dropFirst())
    if !rest.isEmpty {
      phase = .authorizations(left: rest)
    } else {
      phase = answers.isEmpty ? .awaitingReady : .answering
    }
  }

  private mutating func check(
    _ answer: ACMEAnswer, _ left: [String], at now: Instant
  ) throws(ACMEFailure) {
    let found = try decode(ACMEAuthorization.self, answer)
    switch found.status {
    case .pending, .processing: try wait(answer, at: now)
    case .valid:
      let rest = Array(left.dropFirst())
      phase = rest.isEmpty ? .awaitingReady : .checking(left: rest)
      beginWaiting(at: now)
    default: throw rejection(found)
    }
  }

  /// The order once all names are checked.
  private mutating func follow(_ answer: ACMEAnswer, at now: Instant) throws(ACMEFailure) {
    let found = try orderState(answer)
    order = found
    switch (found.status, phase) {
    case (.valid, _):
      guard let url = found.certificate else { return try wait(answer, at: now) }
      try check(url)
      phase = .downloading(url)
    case (.ready, .awaitingReady): phase = .finalizing
    case (.pending, .awaitingReady), (.ready, _), (.processing, _):
      if case .finalizing = phase {
        phase = .awaitingCertificate
        beginWaiting(at: now)
      }
      try wait(answer, at: now)
    default:
      throw ACMEFailure(
        found.error ?? ACMEProblem(detail: "the order is \(found.status.rawValue)"),
        status: answer.status, retryAfter: answer.retryAfter)
    }
  }

  // MARK: Waiting

  private mutating func beginWaiting(at now: Instant) { giveUpAt = now + Self.patience }

  private mutating func wait(_ answer: ACMEAnswer, at now: Instant) throws(ACMEFailure) {
    if let giveUpAt, now >= giveUpAt {
      throw ACMEFailure("the certificate authority takes too long; this is tried again later")
    }
    let asked = answer.retryAfter ?? .seconds(2)
    waitUntil = now + min(max(asked, .seconds(1)), .seconds(30))
  }

  // MARK: Reading

  private func rejection(_ found: ACMEAuthorization) -> ACMEFailure {
    let challenge = found.challenges.first { $0.error != nil }
    return ACMEFailure(
      challenge: challenge.flatMap { ACMEChallengeKind(rawValue: $0.type) } ?? wish.kind,
      name: String(found.identifier.value.prefix(253)), problem: challenge?.error)
  }

  private func orderState(_ answer: ACMEAnswer) throws(ACMEFailure) -> ACMEOrder {
    let found = try decode(ACMEOrder.self, answer)
    guard (1...100).contains(found.authorizations.count) else { throw unreadable }
    for url in found.authorizations + [found.finalize] { try check(url) }
    return found
  }

  private func location(_ answer: ACMEAnswer) throws(ACMEFailure) -> String {
    guard let url = answer.location else { throw unreadable }
    try check(url)
    return url
  }

  private func decode<Message: Decodable>(
    _ type: Message.Type, _ answer: ACMEAnswer
  ) throws(ACMEFailure) -> Message {
    do {
      return try JSONDecoder().decode(type, from: Data(answer.body))
    } catch {
      throw unreadable
    }
  }

  /// A key or a signature is sent over TLS only.
  private func check(_ url: String) throws(ACMEFailure) {
    guard url.hasPrefix("https://"), url.utf8.count <= 2048 else { throw unreadable }
  }

  private func isToken(_ text: String) -> Bool {
    (1...256).contains(text.utf8.count)
      && text.utf8.allSatisfy { byte in
        (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
          || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
      }
  }

  private var unreadable: ACMEFailure {
    ACMEFailure(
      "what the certificate authority answered makes no sense; is \(wish.directory) an ACME "
        + "directory? See --acme-directory")
  }
}
