/// A request that is answered with a status and the end of its connection.
struct HTTPFault: Error, Equatable {
  var status: HTTPStatus
  var reason: String

  init(_ status: HTTPStatus, _ reason: String) {
    self.status = status
    self.reason = reason
  }

  static func bad(_ reason: String) -> HTTPFault { HTTPFault(.badRequest, reason) }
}
