public import Cryptography
import Foundation
public import Wire

/// One certificate from an ACME authority (RFC 8555), from the directory to the chain. It has no socket and no
/// clock: ask `next` what to do, do it, and tell what came of it by `receive`.
public struct ACMEClient: Sendable {
  /// What the certificate is to be.
  public struct Wish: Sendable {
    /// The authority's directory.
    public var directory: String
    /// Host names; the first is the main one.
    public var names: [String]
    /// Whom the authority may write to.
    public var email: String?
    /// How control of the names is shown.
    public var kind: ACMEChallengeKind

    /// A wish.
    public init(
      directory: String, names: [String], email: String? = nil, kind: ACMEChallengeKind
    ) {
      self.directory = directory
      self.names = names
      self.email = email
      self.kind = kind
    }
  }

  /// What to do next.
  public enum Step: Sendable {
    /// Send this and call `receive` with the answer.
    case send(ACMERequest)
    /// Answer whoever asks with these from now on, and ask again.
    case answer([ACMEChallengeAnswer])
    /// Ask again at that time.
    case wait(until: Instant)
    /// The chain, in PEM.
    case finished(String)
    /// There will be no certificate this time.
    case failed(ACMEFailure)
  }

  enum Phase {
    case directory
    case account
    case order
    case authorizations(left: [String])
    case answering
    case challenges(left: [String])
    case checking(left: [String])
    case awaitingReady
    case finalizing
    case awaitingCertificate
    case downloading(String)
    case finished(String)
    case failed(ACMEFailure)
  }

  /// How often a refused nonce is made good in a row.
  static let nonceAttempts = 5
  /// How long an authority may take to check, or to sign.
  static let patience = Duration.seconds(180)

  let wish: Wish
  let key: ACMEAccountKey
  private let certificateKey: SigningKey
  var phase = Phase.directory
  var directory: ACMEDirectory?
  var account: String?
  var orderURL = ""
  var order: ACMEOrder?
  var nonce: String?
  var isFetchingNonce = false
  var refusedNonces = 0
  var answers: [ACMEChallengeAnswer] = []
  var challengeURLs: [String] = []
  /// Authorizations that are not valid yet.
  var openAuthorizations: [String] = []
  var waitUntil: Instant?
  var giveUpAt: Instant?

  /// To get a certificate for `certificateKey` by the account of `accountKey`.
  public init(_ wish: Wish, accountKey: SigningKey, certificateKey: SigningKey) {
    self.wish = wish
    key = ACMEAccountKey(key: accountKey)
    self.certificateKey = certificateKey
  }

  // MARK: What to do

  /// What to do now; the same until it is done.
  public mutating func next(at now: Instant) -> Step {
    if let waitUntil {
      if now < waitUntil { return .wait(until: waitUntil) }
      self.waitUntil = nil
    }
    switch phase {
    case .finished(let chain): return .finished(chain)
    case .failed(let failure): return .failed(failure)
    case .directory: return .send(ACMERequest(method: .get, url: wish.directory))
    case .answering:
      phase = .challenges(left: challengeURLs)
      return .answer(answers)
    default: break
    }
    guard nonce != nil else {
      isFetchingNonce = true
      return .send(ACMERequest(method: .head, url: directory?.newNonce ?? ""))
    }
    do {
      return .send(try request())
    } catch {
      phase = .failed(ACMEFailure("a request to the certificate authority could not be signed"))
      return next(at: now)
    }
  }

  private func request() throws -> ACMERequest {
    switch phase {
    case .account:
      let contact = wish.email.map { #","contact":[\#(quoted("mailto:" + $0))]"# } ?? ""
      return try post(
        #"{"termsOfServiceAgreed":true\#(contact)}"#, to: directory?.newAccount ?? "")
    case .order:
      let names = wish.names.map { #"{"type":"dns","value":\#(quoted($0))}"# }
      return try post(
        #"{"identifiers":[\#(names.joined(separator: ","))]}"#, to: directory?.newOrder ?? "")
    case .authorizations(let left), .checking(let left): return try post("", to: left.first ?? "")
    case .challenges(let left): return try post("{}", to: left.first ?? "")
    case .finalizing:
      let request = try IssuedCertificate.request(for: wish.names, key: certificateKey)
      return try post(#"{"csr":"\#(base64URL(request))"}"#, to: order?.finalize ?? "")
    case .downloading(let url): return try post("", to: url)
    default: return try post("", to: orderURL)
    }
  }

  private func post(_ payload: String, to url: String) throws -> ACMERequest {
    let body = try key.sign(payload, to: url, nonce: nonce ?? "", account: account)
    return ACMERequest(method: .post, url: url, body: body)
  }
}
