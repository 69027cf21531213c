import HTTPServer

/// What a service manager or a load balancer asks.
struct HealthRoutes: Sendable {
  /// Why no more work should come; empty where it may.
  let reasons: @Sendable () async -> [String]

  /// A meeting server's.
  init(meeting: Meeting) { reasons = { await meeting.reasonsNotToBeReady } }

  /// Those of a server that is ready from its start to its end.
  init() { reasons = { [] } }

  /// The answer to `/livez`, `/readyz` and `/healthz`, which is the latter by another name; nil for any other path.
  func respond(to request: HTTPRequest) async -> HTTPResponse? {
    guard ["/livez", "/readyz", "/healthz"].contains(request.path) else { return nil }
    guard request.method == .get || request.method == .head else {
      return .methodNotAllowed(allow: "GET, HEAD")
    }
    if request.path == "/livez" { return json(#"{"status":"ok"}"#, .ok) }
    let reasons = await reasons()
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
