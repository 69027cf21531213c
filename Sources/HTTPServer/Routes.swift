/// What a server answers with. Asked in this order: WebSocket paths, static files, the handler.
public struct Routes: Sendable {
  /// Answers a request; nil is 404.
  public typealias Handler = @Sendable (HTTPRequest) async -> HTTPResponse?
  /// Serves one WebSocket; the socket is closed with 1000 when it returns.
  public typealias WebSocketHandler = @Sendable (WebSocketConnection) async -> Void

  /// WebSocket handlers by exact path.
  public var webSockets: [String: WebSocketHandler]
  /// Files, if any.
  public var files: StaticFiles?
  /// Everything else.
  public var handler: Handler

  /// These routes.
  public init(
    webSockets: [String: WebSocketHandler] = [:], files: StaticFiles? = nil,
    handler: @escaping Handler = { _ in nil }
  ) {
    self.webSockets = webSockets
    self.files = files
    self.handler = handler
  }

  func respond(to request: HTTPRequest) async -> HTTPResponse {
    if webSockets[request.path] != nil {
      var response = HTTPResponse.status(.upgradeRequired)
      response.headers["Upgrade"] = "websocket"
      return response
    }
    if let response = files?.response(to: request) { return response }
    return await handler(request) ?? .status(.notFound)
  }
}
