public import Wire

/// A request to an ACME server.
public struct ACMERequest: Equatable, Sendable {
  /// HTTP's method.
  public enum Method: String, Sendable {
    /// For a nonce.
    case head = "HEAD"
    /// For the directory.
    case get = "GET"
    /// For all else.
    case post = "POST"
  }

  /// HTTP's method.
  public var method: Method
  /// An `https` URL.
  public var url: String
  /// JSON, in a POST.
  public var body: String?
}

/// What an ACME server answered.
public struct ACMEAnswer: Sendable {
  /// HTTP's status.
  public var status: Int
  /// As `Replay-Nonce` says it.
  public var nonce: String?
  /// As `Location` says it.
  public var location: String?
  /// As `Retry-After` says it in seconds.
  public var retryAfter: Duration?
  /// JSON, or the certificates in PEM.
  public var body: [UInt8]

  /// An answer.
  public init(
    status: Int, nonce: String? = nil, location: String? = nil, retryAfter: Duration? = nil,
    body: [UInt8]
  ) {
    self.status = status
    self.nonce = nonce
    self.location = location
    self.retryAfter = retryAfter
    self.body = body
  }
}

/// What an ACME server says where it can be found (RFC 8555 §7.1.1).
struct ACMEDirectory: Decodable, Sendable {
  var newNonce: String
  var newAccount: String
  var newOrder: String
}

/// How far an order, an authorization or a challenge is (RFC 8555 §7.1.6).
enum ACMEStatus: String, Decodable, Sendable {
  case pending, ready, processing, valid, invalid, deactivated, expired, revoked
}

/// RFC 8555 §7.1.3.
struct ACMEOrder: Decodable, Sendable {
  var status: ACMEStatus
  var authorizations: [String]
  var finalize: String
  var certificate: String?
  var error: ACMEProblem?
}

/// RFC 8555 §7.1.4.
struct ACMEAuthorization: Decodable, Sendable {
  struct Identifier: Decodable, Sendable {
    var value: String
  }

  struct Challenge: Decodable, Sendable {
    var type: String
    var url: String
    var token: String?
    var error: ACMEProblem?
  }

  var status: ACMEStatus
  var identifier: Identifier
  var challenges: [Challenge]
}

/// What is wrong (RFC 8555 §6.7, RFC 7807).
struct ACMEProblem: Decodable, Sendable {
  var type: String?
  var detail: String?
  var subproblems: [ACMEProblem]?

  /// The kind without its prefix, such as `badNonce`.
  var kind: Substring { type?.split(separator: ":").last ?? "unknown" }
}

/// How control of a name is shown.
public enum ACMEChallengeKind: String, Sendable, CaseIterable {
  /// RFC 8737: the authority connects to port 443.
  case tlsALPN = "tls-alpn-01"
  /// RFC 8555 §8.3: the authority connects to port 80.
  case http = "http-01"
}

/// A challenge that somebody has to answer while the order is under way.
public struct ACMEChallengeAnswer: Equatable, Sendable {
  /// How it is answered.
  public var kind: ACMEChallengeKind
  /// The name that is checked.
  public var name: String
  /// What the authority asks for.
  public var token: String
  /// The token with the account's thumbprint.
  public var keyAuthorization: String
}
