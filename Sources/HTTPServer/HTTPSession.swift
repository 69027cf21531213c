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
  /// Whether the present request was given more time since its deadline was looked at late.
  private var isExtended = false

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
    _ response: HTTPResponse, at now: Instant, into actions: inout [Action]
  ) {
    guard case .handling(let isHead, let mayKeepAlive) = state else { return }
    let keepsAlive = mayKeepAlive && !isDraining
    let (head, body) = settings.serialization.bytes(
      of: response, isHead: isHead, keepsAlive: keepsAlive, date: settings.date())
    actions.append(.send(head))
    actions.append(.send(body))
    guard keepsAlive else { return end(.finish, into: &actions) }
    state = .sending
    deadline = now + settings.limits.sendTimeout
  }

  /// Everything handed out was sent.
  mutating func sent(at now: Instant, into actions: inout [Action]) {
    guard case .sending = state else { return }
    isExtended = false
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
    case .head, .body: end(.abort, into: &actions)
    case .sending: end(.finish, into: &actions)
    case .handling, .over: break
    }
  }

  /// Fires the deadline if it has come.
  mutating func advance(to now: Instant, into actions: inout [Action]) {
    guard let deadline, now >= deadline else { return }
    if !isExtended, let later = LateLook.extended(deadline, at: now) {
      isExtended = true
      self.deadline = later
      return
    }
    switch state {
    case .head(let collector) where collector.hasBegun:
      refuse(HTTPFault(.requestTimeout, "the header took too long"), into: &actions)
    case .body: refuse(HTTPFault(.requestTimeout, "the body took too long"), into: &actions)
    case .head, .handling, .sending, .over: end(.abort, into: &actions)
    }
  }

  private mutating func proceed(at now: Instant, into actions: inout [Action]) {
    do throws(HTTPFault) {
      while try step(at: now, into: &actions) {}
    } catch {
      refuse(error, into: &actions)
    }
  }

  /// Does one thing with what is pending; false when there is nothing more to do. A state is taken out while
  /// it changes, so that the bytes it holds are not copied.
  private mutating func step(
    at now: Instant, into actions: inout [Action]
  ) throws(HTTPFault) -> Bool {
    guard !pending.isEmpty else { return false }
    switch state {
    case .head(var collector):
      state = .over
      let wasIdle = !collector.hasBegun
      if let head = try collector.take(&pending, limits: settings.limits) {
        try begin(RequestHead(parsing: head, limits: settings.limits), at: now, into: &actions)
        return true
      }
      if wasIdle, collector.hasBegun {
        let limit = now + settings.limits.headTimeout
        deadline = min(deadline ?? limit, limit)
      }
      state = .head(collector)
      return false
    case .body(let head, var decoder):
      state = .over
      guard try decoder.take(&pending) else {
        state = .body(head, decoder)
        return false
      }
      dispatch(head, body: decoder.body, into: &actions)
      return true
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

  private mutating func refuse(_ fault: HTTPFault, into actions: inout [Action]) {
    let (head, body) = settings.serialization.bytes(
      of: fault.response, isHead: false, keepsAlive: false, date: settings.date())
    actions.append(.send(head))
    actions.append(.send(body))
    end(.finish, into: &actions)
  }

  private mutating func end(_ action: Action, into actions: inout [Action]) {
    pending = []
    state = .over
    deadline = nil
    actions.append(action)
  }
}

/// What all sessions of one server share.
final class SessionSettings: Sendable {
  let limits: Limits
  let origins: OriginPolicy
  let webSocketPaths: Set<String>
  let serialization: ResponseSerialization
  let isSecure: Bool
  /// The present date as HTTP writes it.
  let date: @Sendable () -> String

  init(
    _ configuration: Configuration, webSocketPaths: Set<String>,
    date: @escaping @Sendable () -> String
  ) {
    limits = configuration.limits
    origins = OriginPolicy(allowed: configuration.allowedOrigins)
    self.webSocketPaths = webSocketPaths
    serialization = ResponseSerialization(configuration.securityHeaders)
    isSecure = configuration.certificates != nil
    self.date = date
  }

  /// Those of sessions without TLS beside `secure` ones: they have no WebSockets.
  init(beside secure: SessionSettings) {
    limits = secure.limits
    origins = secure.origins
    webSocketPaths = []
    serialization = secure.serialization
    isSecure = false
    date = secure.date
  }
}
