import HTTPServer

/// `/ca.crt`, the certificate of this server's own authority, for those who decide to trust it.
struct AuthorityRoute: Sendable {
  static let path = "/ca.crt"

  let certificatePEM: String

  /// Nil for any other path.
  func respond(to request: HTTPRequest) -> HTTPResponse? {
    guard request.path == Self.path else { return nil }
    guard request.method == .get || request.method == .head else {
      return .methodNotAllowed(allow: "GET, HEAD")
    }
    return .text(certificatePEM, contentType: "application/x-x509-ca-cert")
  }
}
