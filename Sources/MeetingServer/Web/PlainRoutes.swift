import HTTPServer

/// What is answered over plain HTTP beside HTTPS: an authority's questions, the local authority's
/// certificate, and for everything else where to go.
struct PlainRoutes: Sendable {
  let answers: ChallengeAnswers
  let authority: AuthorityRoute?
  /// The names that are ours; empty where any will do, as on a local network.
  let domains: [String]
  /// The port of HTTPS; nil where it is the one that was asked at.
  let port: (@Sendable () -> UInt16)?

  init(
    answers: ChallengeAnswers, authority: AuthorityRoute? = nil, domains: [String],
    port: (@Sendable () -> UInt16)?
  ) {
    self.answers = answers
    self.authority = authority
    self.domains = domains
    self.port = port
  }

  init(
    _ encryption: Encryption, _ authority: AuthorityRoute?, _ configuration: ServerConfiguration,
    port: (@Sendable () -> UInt16)?
  ) {
    self.init(
      answers: encryption.answers, authority: authority,
      domains: configuration.acme?.domains ?? [], port: port)
  }

  var handler: Routes.Handler { { respond(to: $0) } }

  func respond(to request: HTTPRequest) -> HTTPResponse {
    if let response = answers.respond(to: request) { return response }
    if let response = authority?.respond(to: request) { return response }
    guard request.method == .get || request.method == .head else {
      return .text("Use HTTPS.\n", status: .forbidden)
    }
    guard let authority = request.headers["Host"],
      let name = MeetingRelay.name(inHost: authority)
    else { return .status(.badRequest) }
    // Whoever comes by another name is shown the right one.
    let host = domains.isEmpty || domains.contains(name.lowercased()) ? name : domains[0]
    let number = port?() ?? Self.port(in: authority) ?? 443
    // Nothing that lasts: another server may have this port tomorrow.
    var response = HTTPResponse.status(307)
    response.headers["Cache-Control"] = "no-store"
    response.headers["Location"] =
      "https://\(host)\(number == 443 ? "" : ":\(number)")\(target(of: request))"
    return response
  }

  private static func port(in authority: String) -> UInt16? {
    guard let colon = authority.lastIndex(of: ":"), !authority.hasSuffix("]") else { return nil }
    return UInt16(authority[authority.index(after: colon)...])
  }

  /// Path and query as they were sent, or as well.
  private func target(of request: HTTPRequest) -> String {
    let path = request.path.split(separator: "/", omittingEmptySubsequences: false)
      .map { percentEncoded(String($0)) }.joined(separator: "/")
    guard !request.query.parameters.isEmpty else { return path }
    let query = request.query.parameters.map { each in
      "\(percentEncoded(each.name))=\(percentEncoded(each.value))"
    }
    return "\(path)?\(query.joined(separator: "&"))"
  }
}
