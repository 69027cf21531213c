public import Wire

/// Why there is no certificate this time.
public struct ACMEFailure: Error, Equatable, Sendable, CustomStringConvertible {
  /// What happened and what to do.
  public let description: String
  /// The authority wants to be left alone for so long.
  public var retryAfter: Duration?
  /// The authority did not find the answer to a challenge; another kind of challenge may do.
  public var isChallenge = false

  /// A failure in words.
  public init(_ description: String, retryAfter: Duration? = nil, isChallenge: Bool = false) {
    self.description = description
    self.retryAfter = retryAfter
    self.isChallenge = isChallenge
  }

  /// An answer of the authority that says no.
  init(_ problem: ACMEProblem, status: Int, retryAfter: Duration?) {
    let words = Self.words(problem)
    let advice =
      switch problem.kind {
      case "rateLimited":
        "it has given out as many as it wants to for now; this is tried again later"
      case "rejectedIdentifier", "unsupportedIdentifier":
        "it gives none for this name; check --domain"
      case "invalidContact", "unsupportedContact": "check --acme-email"
      case "externalAccountRequired":
        "it wants an account made beforehand, which is not supported; choose another authority "
          + "with --acme-directory"
      case "caa": "the name's CAA record in DNS has to allow this authority"
      case "userActionRequired": "its terms have changed; see what it says"
      default: "this is tried again later"
      }
    self.init("the certificate authority refuses (\(status)): \(words); \(advice)")
    self.retryAfter = retryAfter
  }

  /// A challenge for `name` that the authority found wanting.
  init(challenge kind: ACMEChallengeKind, name: String, problem: ACMEProblem?) {
    let port = kind == .http ? 80 : 443
    let words = problem.map(Self.words) ?? "it does not say why"
    let advice =
      switch problem?.kind {
      case "dns": "\(name) has to lead to this machine's public address in DNS"
      case "caa": "the CAA record of \(name) in DNS has to allow this authority"
      default:
        "TCP port \(port) of \(name) has to lead to this server, through router and firewall"
      }
    self.init(
      "the certificate authority could not check \(name) by \(kind.rawValue): \(words); \(advice)",
      isChallenge: true)
  }

  /// What the authority wrote, with what it wrote beneath it: no line of the log's own.
  private static func words(_ problem: ACMEProblem) -> String {
    let details = ([problem] + (problem.subproblems ?? []).prefix(4)).map { each in
      let text = (each.detail ?? "").unicodeScalars.prefix(300).map { scalar in
        scalar.properties.generalCategory == .control ? " " : Character(scalar)
      }
      return text.isEmpty ? "\(each.kind.prefix(60))" : "\(each.kind.prefix(60)), \(String(text))"
    }
    return details.joined(separator: " · ")
  }
}
