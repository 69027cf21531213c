/// A status code (RFC 9110 §15).
public struct HTTPStatus: RawRepresentable, Hashable, Sendable, ExpressibleByIntegerLiteral {
  /// The three digits.
  public let rawValue: Int

  /// The status with these digits.
  public init(rawValue: Int) { self.rawValue = rawValue }

  /// The status with these digits.
  public init(integerLiteral value: Int) { self.rawValue = value }

  /// 200
  public static let ok: HTTPStatus = 200
  /// 201
  public static let created: HTTPStatus = 201
  /// 204
  public static let noContent: HTTPStatus = 204
  /// 304
  public static let notModified: HTTPStatus = 304
  /// 400
  public static let badRequest: HTTPStatus = 400
  /// 403
  public static let forbidden: HTTPStatus = 403
  /// 404
  public static let notFound: HTTPStatus = 404
  /// 405
  public static let methodNotAllowed: HTTPStatus = 405
  /// 408
  public static let requestTimeout: HTTPStatus = 408
  /// 413
  public static let contentTooLarge: HTTPStatus = 413
  /// 414
  public static let targetTooLong: HTTPStatus = 414
  /// 415
  public static let unsupportedMediaType: HTTPStatus = 415
  /// 417
  public static let expectationFailed: HTTPStatus = 417
  /// 426
  public static let upgradeRequired: HTTPStatus = 426
  /// 429
  public static let tooManyRequests: HTTPStatus = 429
  /// 431
  public static let fieldsTooLarge: HTTPStatus = 431
  /// 500
  public static let internalError: HTTPStatus = 500
  /// 501
  public static let notImplemented: HTTPStatus = 501
  /// 503
  public static let unavailable: HTTPStatus = 503
  /// 505
  public static let versionNotSupported: HTTPStatus = 505

  /// The phrase that goes with the code.
  public var reason: String { Self.reasons[rawValue] ?? "Status" }

  /// Whether a response of this status has no body (RFC 9110 §6.4.1).
  var forbidsBody: Bool { (100..<200).contains(rawValue) || rawValue == 204 || rawValue == 304 }

  private static let reasons: [Int: String] = [
    100: "Continue", 101: "Switching Protocols", 200: "OK", 201: "Created", 202: "Accepted",
    204: "No Content", 206: "Partial Content", 301: "Moved Permanently", 302: "Found",
    303: "See Other", 304: "Not Modified", 307: "Temporary Redirect", 308: "Permanent Redirect",
    400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found",
    405: "Method Not Allowed", 406: "Not Acceptable", 408: "Request Timeout", 409: "Conflict",
    410: "Gone", 412: "Precondition Failed", 413: "Content Too Large", 414: "URI Too Long",
    415: "Unsupported Media Type", 416: "Range Not Satisfiable", 417: "Expectation Failed",
    422: "Unprocessable Content", 426: "Upgrade Required", 428: "Precondition Required",
    429: "Too Many Requests", 431: "Request Header Fields Too Large",
    500: "Internal Server Error", 501: "Not Implemented", 503: "Service Unavailable",
    505: "HTTP Version Not Supported",
  ]
}
