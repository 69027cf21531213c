/// One connection while it speaks HTTP/1.1 (RFC 9112): a value that takes bytes and a time and says what
/// to send, what to ask the handler and when to look again. One request is in hand at a time.
struct HTTPSession {
  typealias Instant = ContinuousClock.Instant

  /// What a session asks of its shell.
  enum Action {
    case send([UInt8])
    /// Run the handler and come back with `respond`.
    case handle(HTTPRequest)
    /// The 101 was sent; what follows belongs to a WebSocket.
    case upgrade(HTTPRequest, rest: ArraySlice<UInt8>)
    /// Close once all is sent and the peer had a chance to read it.
    case finish
    /// Close now.
    case abort
  }

  private enum State {
    case head(HeadCollector)
    case body(RequestHead, BodyDecoder)
    case handling(isHead: Bool, keepsAlive: Bool)
    case sending
    case over
  }

  private let settings: SessionSettings
  private let peer: HTTPRequest.Peer
  private var state = State.head(HeadCollector())
  private var pending: ArraySlice<UInt8> = []
  /// When the present state has lasted too long.
  private(set) var deadline: Instant?
  private var isDraining = false

  init(settings: SessionSettings, peer: HTTPRequest.Peer, at now: Instant) {
    self.settings = settings
    self.peer = peer
    deadline = now + settings.limits.headTimeout
  }

  /// False while enough is waiting that reading more would only fill memory.
  var wantsInput: Bool { pending.count < 16 * 1024 }

  /// Hands in bytes that arrived.
  mutating func receive(_ bytes: ArraySlice<UInt8>, at now: Instant, into actions: inout [Action]) {
    if case .over = state { return }
    if pending.isEmpty { pending = bytes } else { pending.append(contentsOf: bytes) }
    proceed(at: now, into: &actions)
  }

  /// Hands in the handler's answer.
  mutating func respond(
    _ response: HTTPResponse, at now: Instant, date: String, into actions: inout [Action]
  ) {
    guard case .handling(let isHead, let mayKeepAlive) = state else { return }
    let keepsAlive = mayKeepAlive && !isDraining
    let (head, body) = settings.serialization.bytes(
      of: response, isHead: isHead, keepsAlive: keepsAlive, date: date)
    actions.append(.send(head))
    if !body.isEmpty { actions.append(.send(body)) }
    guard keepsAlive else { return finish(at: now, into: &actions) }
    state = .sending
    deadline = now + settings.limits.sendTimeout
  }

  /// Everything handed out was sent.
  mutating func sent(at now: Instant, into actions: inout [Action]) {
    guard case .sending = state else { return }
    state = .head(HeadCollector())
    deadline = now + settings.limits.idleTimeout
    proceed(at: now, into: &actions)
  }

  /// Some of what was handed out was sent.
  mutating func progressed(at now: Instant) {
    if case .sending = state { deadline = now + settings.limits.sendTimeout }
  }

  /// Ends the connection at the next good moment.
  mutating func drain(at now: Instant, into actions: inout [Action]) {
    isDraining = true
    switch state {
    case .head, .body: finish(at: now, into: &actions)
    case .sending: finish(at: now, into: &actions)
    case .handling, .over: break
    }
  }

  /// Fires the deadline if it has come.
  mutating func advance(to now: Instant, date: String, into actions: inout [Action]) {
    guard let deadline, now >= deadline else { return }
    switch state {
    case .head(let collector) where collector.hasBegun:
      refuse(HTTPFault(.requestTimeout, "the header took too long"), at: now, date, into: &actions)
    case .body:
      refuse(HTTPFault(.requestTimeout, "the body took too long"), at: now, date, into: &actions)
    case .head, .handling, .sending, .over: abort(into: &actions)
    }
  }

  private mutating func proceed(at now: Instant, into actions: inout [Action]) {
    do throws(HTTPFault) {
      while try step(at: now, into: &actions) {}
    } catch {
      refuse(error, at: now, settings.date(), into: &actions)
    }
  }

  /// Does one thing with what is pending; false when there is nothing more to do.
  private mutating func step(
    at now: Instant, into actions: inout [Action]
  ) throws(HTTPFault) -> Bool {
    guard !pending.isEmpty else { return false }
    switch state {
    case .head(var collector):
      let wasIdle = !collector.hasBegun
      let head = try collector.take(&pending, limits: settings.limits)
      state = .head(collector)
      if let head {
        try begin(RequestHead(parsing: head, limits: settings.limits), at: now, into: &actions)
        return true
      }
      if wasIdle, collector.hasBegun {
        let limit = now + settings.limits.headTimeout
        deadline = deadline.map { min($0, limit) } ?? limit
      }
      return false
    case .body(let head, var decoder):
      let isComplete = try decoder.take(&pending)
      state = .body(head, decoder)
      if isComplete { dispatch(head, body: decoder.body, into: &actions) }
      return isComplete
    case .handling, .sending, .over: return false
    }
  }

  private mutating func begin(
    _ head: RequestHead, at now: Instant, into actions: inout [Action]
  ) throws(HTTPFault) {
    if settings.webSocketPaths.contains(head.target.path), WebSocketHandshake.isAsked(by: head) {
      actions.append(.send(try WebSocketHandshake.accept(head, policy: settings.origins)))
      actions.append(.upgrade(request(head, body: []), rest: pending))
      pending = []
      state = .over
      deadline = nil
      return
    }
    guard let decoder = try BodyDecoder(head.framing, limit: settings.limits.bodyBytes) else {
      return dispatch(head, body: [], into: &actions)
    }
    if head.expectsContinue, pending.isEmpty {
      actions.append(.send(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)))
    }
    state = .body(head, decoder)
    deadline = now + settings.limits.bodyTimeout
  }

  private mutating func dispatch(
    _ head: RequestHead, body: [UInt8], into actions: inout [Action]
  ) {
    state = .handling(isHead: head.method == .head, keepsAlive: head.keepsAlive)
    deadline = nil
    actions.append(.handle(request(head, body: body)))
  }

  private func request(_ head: RequestHead, body: [UInt8]) -> HTTPRequest {
    HTTPRequest(
      method: head.method, path: head.target.path, query: head.target.query,
      headers: head.headers, body: body, peer: peer, isSecure: settings.isSecure)
  }

  private mutating func refuse(
    _ fault: HTTPFault, at now: Instant, _ date: String, into actions: inout [Action]
  ) {
    var response = HTTPResponse.text(
      "\(fault.status.rawValue) \(fault.status.reason): \(fault.reason)\n", status: fault.status)
    if fault.status == .upgradeRequired {
      response.headers["Upgrade"] = "websocket"
      response.headers["Sec-WebSocket-Version"] = "13"
    }
    let (head, body) = settings.serialization.bytes(
      of: response, isHead: false, keepsAlive: false, date: date)
    actions.append(.send(head + body))
    finish(at: now, into: &actions)
  }

  private mutating func finish(at now: Instant, into actions: inout [Action]) {
    pending = []
    state = .over
    deadline = nil
    actions.append(.finish)
  }

  private mutating func abort(into actions: inout [Action]) {
    pending = []
    state = .over
    deadline = nil
    actions.append(.abort)
  }
}

/// What all sessions of one server share.
struct SessionSettings {
  var limits: Limits
  var origins: OriginPolicy
  var webSocketPaths: Set<String>
  var serialization: ResponseSerialization
  var isSecure: Bool
  /// The present date as HTTP writes it.
  var date: @Sendable () -> String
}
