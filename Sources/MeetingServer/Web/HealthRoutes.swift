import HTTPServer

/// What a service manager or a load balancer asks.
struct HealthRoutes: Sendable {
  let meeting: Meeting

  /// The answer to `/livez` and `/readyz`; nil for any other path.
  func respond(to request: HTTPRequest) async -> HTTPResponse? {
    guard request.path == "/livez" || request.path == "/readyz" else { return nil }
    guard request.method == .get || request.method == .head else {
      return .methodNotAllowed(allow: "GET, HEAD")
    }
    if request.path == "/livez" { return json(#"{"status":"ok"}"#, .ok) }
    let reasons = await meeting.reasonsNotToBeReady
    let list = reasons.map { "\"\($0)\"" }.joined(separator: ",")
    let status = reasons.isEmpty ? "ready" : "not-ready"
    return json(
      #"{"status":"\#(status)","reasons":[\#(list)]}"#, reasons.isEmpty ? .ok : .unavailable)
  }

  private func json(_ text: String, _ status: HTTPStatus) -> HTTPResponse {
    var response = HTTPResponse.text(text + "\n", status: status, contentType: "application/json")
    response.headers["Cache-Control"] = "no-store"
    return response
  }
}
