/// What a server answers with. Streams are told by their first bytes; requests are asked for in this order: WebSocket
/// paths, static files, the handler.
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
  /// What else is served on the port.
  public var streams: [StreamService]
  /// Answers requests without TLS where the server speaks it; nil closes such connections. They are told where
  /// there are `streams`.
  public var plainHandler: Handler?
  /// Told of each request that was answered with something other than a WebSocket.
  public var observer: @Sendable (HTTPRequest, HTTPStatus) -> Void

  /// These routes.
  public init(
    webSockets: [String: WebSocketHandler] = [:], files: StaticFiles? = nil,
    handler: @escaping Handler = { _ in nil }, streams: [StreamService] = [],
    plainHandler: Handler? = nil,
    observer: @escaping @Sendable (HTTPRequest, HTTPStatus) -> Void = { _, _ in }
  ) {
    self.webSockets = webSockets
    self.files = files
    self.handler = handler
    self.streams = streams
    self.plainHandler = plainHandler
    self.observer = observer
  }

  func respond(to request: HTTPRequest) async -> HTTPResponse {
    let response = await answer(request)
    observer(request, response.status)
    return response
  }

  private func answer(_ request: HTTPRequest) async -> HTTPResponse {
    if let plainHandler, !request.isSecure {
      return await plainHandler(request) ?? .status(.notFound)
    }
    if webSockets[request.path] != nil {
      var response = HTTPResponse.status(.upgradeRequired)
      response.headers["Upgrade"] = "websocket"
      return response
    }
    if let response = files?.response(to: request) { return response }
    return await handler(request) ?? .status(.notFound)
  }
}
