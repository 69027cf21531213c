import ACME
import Cryptography
import Foundation
import HTTPMessages
import Net
import Wire

/// Keeps a certificate from an ACME authority: asks for it, keeps it on disk, renews it in time.
actor ACMECertificates: CertificateKeeping {
  private enum File {
    static let account = "account.key"
    static let chain = "certificate.pem"
    static let key = "certificate.key"
    /// When an authority that had had enough may be asked again, in seconds since 1970, over restarts.
    static let pause = "asked-again-at"
    /// When it looked for our answers in vain, likewise, one a line.
    static let failedChecks = "failed-checks"
  }

  private let settings: ACMESettings
  private let files: KeptFiles
  private let store: CertificateStore
  private let answers: ChallengeAnswers
  private let log: @Sendable (String) -> Void
  private let resolver = NameResolver()
  private let accountKey: SigningKey
  private var plan: RenewalPlan

  /// Shows the certificate that is kept, if it will do; otherwise one of its own, until there is another.
  init(
    _ settings: ACMESettings, in directory: String, store: CertificateStore,
    answers: ChallengeAnswers,
    log: @escaping @Sendable (String) -> Void
  ) throws(ServerFault) {
    self.settings = settings
    self.store = store
    self.answers = answers
    self.log = log
    // Each authority has accounts of its own.
    let authority = HTTPTarget(https: settings.directory)?.authority ?? "acme"
    let folder = "acme-\(authority.replacing(":", with: "-"))"
    files = try KeptFiles(in: directory, folder)
    accountKey = try Self.account(in: files)
    let isKept = Self.showKept(files, for: settings.domains, in: store)
    plan = RenewalPlan(
      validity: isKept ? store.validity : nil,
      notBefore: files.text(File.pause).flatMap { Int64($0) },
      failedChecks: Self.instants(files.text(File.failedChecks)), at: LocalCertificates.now(),
      random: .system)
    guard !isKept else { return }
    let now = LocalCertificates.now()
    if ProvisionalCertificate.show(in: store, for: settings.domains, at: now) {
      log(
        "there is no certificate yet; until the authority gives one, whoever comes over HTTPS is shown one of this "
          + "server's own, and browsers warn of that")
    }
    let pause = plan.due - now
    if pause > 0 {
      let folder = files.folder.path(percentEncoded: false)
      log(
        "the certificate authority is not asked for another \(pause / 60 + 1) min, lest it shuts this "
          + "server out; to ask it at once, remove \(File.pause) and \(File.failedChecks) in \(folder) "
          + "and start again")
    }
  }

  func look() async {
    guard LocalCertificates.now() >= plan.due else { return }
    await renew()
  }

  func reload() async {}

  // MARK: What is kept

  private static func account(in files: KeptFiles) throws(ServerFault) -> SigningKey {
    if let text = files.text(File.account), let der = PEM.der(PEM.privateKey, in: text),
      let key = SigningKey(der: der)
    {
      return key
    }
    let key: SigningKey
    do {
      key = try SigningKey.generate()
    } catch {
      throw ServerFault("no key for the ACME account could be made")
    }
    try files.write(PEM.text(PEM.privateKey, key.der), to: File.account)
    return key
  }

  private static func showKept(
    _ files: KeptFiles, for domains: [String], in store: CertificateStore
  ) -> Bool {
    guard let chain = files.text(File.chain), let key = files.text(File.key),
      let kept = try? CertificateStore(certificatesPEM: chain, privateKeyPEM: key),
      domains.allSatisfy({ kept.covers($0) })
    else { return false }
    return (try? store.replace(certificatesPEM: chain, privateKeyPEM: key)) != nil
  }

  private static func instants(_ text: String?) -> [Int64] {
    (text ?? "").split(separator: "\n").prefix(64).compactMap { Int64($0) }
  }

  // MARK: Renewal

  private func renew() async {
    let names = settings.domains.joined(separator: ", ")
    log("a certificate for \(names) is asked for at \(settings.directory)")
    var failure = ACMEFailure("there is no way to show control of \(names)")
    let kinds: [ACMEChallengeKind] = answers.isServed ? [.http, .tlsALPN] : [.tlsALPN]
    for kind in kinds {
      do throws(ACMEFailure) {
        try await obtain(kind)
        plan.succeeded(store.validity ?? 0...0)
        log("the certificate for \(names) is there; it is renewed on \(day(plan.due))")
        return
      } catch {
        failure = error
        // Another kind of challenge helps where the authority did not get through, and nowhere else.
        guard error.isChallenge else { break }
        plan.checkFailed(at: LocalCertificates.now())
        log(error.description)
      }
      if Task.isCancelled { return }
    }
    let wait = plan.failed(at: LocalCertificates.now(), retryAfter: failure.retryAfter)
    if failure.retryAfter != nil { try? files.write("\(plan.due)", to: File.pause) }
    let checks = plan.failedChecks.map { "\($0)" }.joined(separator: "\n")
    try? files.write(checks, to: File.failedChecks)
    let again = "the next attempt is in \(max(1, wait / 60)) min"
    log(failure.isChallenge ? again : "\(failure.description) (\(again))")
  }

  private func obtain(_ kind: ACMEChallengeKind) async throws(ACMEFailure) {
    let key: SigningKey
    do {
      key = try SigningKey.generate()
    } catch {
      throw ACMEFailure("no key could be made")
    }
    let wish = ACMEClient.Wish(
      directory: settings.directory, names: settings.domains, email: settings.email, kind: kind)
    var client = ACMEClient(wish, accountKey: accountKey, certificateKey: key)
    defer { endChallenges() }
    while true {
      switch client.next(at: MonotonicClock.now()) {
      case .send(let request):
        client.receive(try await send(request), at: MonotonicClock.now())
      case .answer(let challenges): try answer(challenges)
      case .wait(let instant):
        let pause = instant - MonotonicClock.now()
        try? await Task.sleep(nanoseconds: UInt64(clamping: pause.nanoseconds))
        if Task.isCancelled { throw ACMEFailure("the server stops") }
      case .finished(let chain): return try take(chain, key)
      case .failed(let failure): throw failure
      }
    }
  }

  private func send(_ request: ACMERequest) async throws(ACMEFailure) -> ACMEAnswer {
    let trust = settings.authorityFile.map { TLSContext.Trust.authorityFile($0) } ?? .system
    guard let target = HTTPTarget(https: request.url) else {
      throw ACMEFailure("the certificate authority names what is no https URL")
    }
    let answer: HTTPAnswer
    do throws(HTTPClient.Fault) {
      answer = try await HTTPClient.send(
        HTTPClient.Request(
          target: target, method: request.method.rawValue,
          body: request.body.map { ("application/jose+json", $0) }, trust: trust),
        resolver: resolver)
    } catch {
      throw ACMEFailure(
        "the certificate authority cannot be asked: \(error); is this machine connected?")
    }
    return ACMEAnswer(
      status: answer.status, nonce: answer.headers["replay-nonce"],
      location: answer.headers["location"],
      retryAfter: answer.headers["retry-after"].flatMap { Int64($0) }.map { seconds in
        .seconds(min(max(seconds, 0), 7 * 86_400))
      }, body: answer.body)
  }

  private func answer(_ challenges: [ACMEChallengeAnswer]) throws(ACMEFailure) {
    for challenge in challenges {
      switch challenge.kind {
      case .http: answers.add(challenge.keyAuthorization, for: challenge.token)
      case .tlsALPN:
        do {
          let now = LocalCertificates.now()
          let digest = MessageDigest.sha256.hash(Array(challenge.keyAuthorization.utf8).span)
          let made = try IssuedCertificate.challenge(
            for: challenge.name, digest: digest, validity: now - 86_400...now + 86_400)
          try store.answerChallenge(
            for: challenge.name,
            certificatesPEM: PEM.text(PEM.certificate, made.certificate),
            privateKeyPEM: PEM.text(PEM.privateKey, made.key.der))
        } catch {
          throw ACMEFailure("no certificate for the challenge could be made")
        }
      }
    }
  }

  private func endChallenges() {
    answers.removeAll()
    for name in settings.domains { store.endChallenge(for: name) }
  }

  private func take(_ chain: String, _ key: SigningKey) throws(ACMEFailure) {
    let keyPEM = PEM.text(PEM.privateKey, key.der)
    do throws(CertificateStore.Failure) {
      try store.replace(certificatesPEM: chain, privateKeyPEM: keyPEM)
    } catch {
      throw ACMEFailure("the certificate that the authority sent cannot be used: \(error)")
    }
    do throws(ServerFault) {
      try files.write(keyPEM, to: File.key)
      try files.write(chain, to: File.chain)
    } catch {
      log("\(error); the certificate is in use and has to be asked for again after a restart")
    }
  }

  private func day(_ seconds: Int64) -> String {
    Date(timeIntervalSince1970: Double(seconds)).formatted(.iso8601.year().month().day())
  }
}
