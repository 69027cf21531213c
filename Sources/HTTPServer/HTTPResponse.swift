/// One response. The server adds length, date, connection and security headers.
public struct HTTPResponse: Sendable {
  /// The status.
  public var status: HTTPStatus
  /// The header fields. A name that is no token or a value with a control character makes it a 500.
  public var headers: HTTPFields
  /// The body.
  public var body: [UInt8]

  /// A response.
  public init(status: HTTPStatus = .ok, headers: HTTPFields = HTTPFields(), body: [UInt8] = []) {
    self.status = status
    self.headers = headers
    self.body = body
  }

  /// A text of the given type.
  public static func text(
    _ text: String, status: HTTPStatus = .ok, contentType: String = "text/plain; charset=utf-8"
  ) -> HTTPResponse {
    HTTPResponse(status: status, headers: ["Content-Type": contentType], body: Array(text.utf8))
  }

  /// A plain page that says the status.
  public static func status(_ status: HTTPStatus) -> HTTPResponse {
    text("\(status.rawValue) \(status.reason)\n", status: status)
  }

  /// 405 with the methods there are.
  public static func methodNotAllowed(allow: String) -> HTTPResponse {
    var response = HTTPResponse.status(.methodNotAllowed)
    response.headers["Allow"] = allow
    return response
  }
}

/// Headers that tell a browser to be strict; every response carries them unless it sets its own.
public struct SecurityHeaders: Sendable {
  /// `Content-Security-Policy`.
  public var contentSecurityPolicy =
    "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
  /// `Permissions-Policy`.
  public var permissionsPolicy = "camera=(self), microphone=(self), display-capture=(self)"
  /// Further headers.
  public var others: HTTPFields = [
    "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY", "Cross-Origin-Opener-Policy": "same-origin",
  ]

  /// The defaults.
  public init() {}

  /// The defaults with directives added to the content security policy, such as `media-src blob:`.
  public init(addingPolicy directives: String) {
    contentSecurityPolicy += "; " + directives
  }

  var fields: [HTTPFields.Field] {
    var all = others
    all["Content-Security-Policy"] = contentSecurityPolicy
    all["Permissions-Policy"] = permissionsPolicy
    return all.fields
  }
}
