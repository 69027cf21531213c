import HTTPServer

extension OriginPolicy {
  /// Answers a request unless it is of a page that may not ask, with the fields such a page needs to read the
  /// answer. `exposed` names the fields it may read besides those every page may.
  func guarding(
    _ request: HTTPRequest, exposed: String? = nil, _ respond: () async -> HTTPResponse
  ) async -> HTTPResponse {
    guard allows(request.headers) else {
      return .text("403 Forbidden: this page may not use the server\n", status: .forbidden)
    }
    var response = await respond()
    if let origin = request.headers["Origin"] {
      response.headers["Access-Control-Allow-Origin"] = origin
      response.headers["Access-Control-Expose-Headers"] = exposed
      response.headers["Vary"] = "Origin"
    }
    return response
  }
}

extension HTTPRequest {
  /// Whether the body is of a media type, whatever its parameters.
  func isOfType(_ mediaType: String) -> Bool {
    guard let contentType = headers["Content-Type"] else { return false }
    let type = contentType.utf8.prefix { $0 != UInt8(ascii: ";") }
    let letters = type.filter { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") }
    return letters.map { $0 | 0x20 }.elementsEqual(mediaType.utf8.map { $0 | 0x20 })
  }

  /// The body as text; nil where it is empty or not UTF-8.
  var text: String? { String(validating: body, as: UTF8.self).flatMap { $0.isEmpty ? nil : $0 } }

  /// The address whose sessions are counted; nil for this machine itself, as a proxy on it is.
  var countedClient: String? { peer.isLoopback ? nil : peer.client }

  /// The address by which the client reached the server; nil where it used a name.
  var reached: ReachedAddress? { headers["Host"].flatMap(ReachedAddress.init(host:)) }
}

extension HTTPResponse {
  /// 415 with the type there is.
  static func unsupportedType(_ what: String, accepts type: String) -> HTTPResponse {
    var response = HTTPResponse.text(
      "415 Unsupported Media Type: \(what) is \(type)\n", status: .unsupportedMediaType)
    response.headers["Accept-Post"] = type
    return response
  }

  /// What a page elsewhere asks before it asks.
  static func preflight(methods: String, accepts type: String) -> HTTPResponse {
    HTTPResponse(
      status: .noContent,
      headers: [
        "Accept-Post": type, "Allow": methods, "Access-Control-Allow-Methods": methods,
        "Access-Control-Allow-Headers": "Content-Type, Authorization, If-Match",
      ])
  }
}
