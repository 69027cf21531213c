/// A request that is answered with a status and the end of its connection.
struct HTTPFault: Error, Equatable {
  var status: HTTPStatus
  var reason: String

  init(_ status: HTTPStatus, _ reason: String) {
    self.status = status
    self.reason = reason
  }

  static func bad(_ reason: String) -> HTTPFault { HTTPFault(.badRequest, reason) }

  /// The answer, with the reason on it: who sent the request sees what was wrong with it.
  var response: HTTPResponse {
    var response = HTTPResponse.text(
      "\(status.rawValue) \(status.reason): \(reason)\n", status: status)
    if status == .upgradeRequired {
      response.headers["Upgrade"] = "websocket"
      response.headers["Sec-WebSocket-Version"] = "13"
    }
    return response
  }
}
