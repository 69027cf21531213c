/// One connection while it speaks WebSocket (RFC 6455): a value that takes bytes and a time and says what
/// to send and to deliver and when to look again.
struct WebSocketSession {
  typealias Instant = ContinuousClock.Instant

  /// What a session asks of its shell.
  enum Action {
    case send([UInt8])
    case deliver(WebSocketMessage)
    /// No message will follow; nothing more may be sent.
    case closed(WebSocketClosure)
    /// Close once all is sent and the peer had a chance to read it.
    case finish
    /// Close now.
    case abort
  }

  private enum State {
    case open
    /// We sent a close frame and wait for the peer's.
    case closing
    case over
  }

  private let limits: Limits
  private var decoder: WebSocketDecoder
  private var state = State.open
  private var lastHeard: Instant
  private var pingSent: Instant?
  /// When a peer is given up whose time was found over too late.
  private var extendedDeadline: Instant?
  private var closeDeadline: Instant?
  private var isPaused = false

  init(limits: Limits, at now: Instant) {
    self.limits = limits
    decoder = WebSocketDecoder(limit: limits.messageBytes)
    lastHeard = now
  }

  /// When `advance` has something to do.
  var deadline: Instant? {
    switch state {
    case .open:
      if isPaused {
        nil
      } else {
        extendedDeadline
          ?? pingSent.map { $0 + limits.pongTimeout } ?? lastHeard + limits.pingInterval
      }
    case .closing: closeDeadline
    case .over: nil
    }
  }

  /// Whether messages can be sent.
  var isOpen: Bool { if case .open = state { true } else { false } }

  /// Hands in bytes that arrived.
  mutating func receive(_ bytes: ArraySlice<UInt8>, at now: Instant, into actions: inout [Action]) {
    if case .over = state { return }
    hear(at: now)
    var input = bytes
    var events: [WebSocketDecoder.Event] = []
    do throws(WebSocketDecoder.Violation) {
      try decoder.receive(&input, into: &events)
      for event in events { handle(event, at: now, into: &actions) }
    } catch {
      for event in events { handle(event, at: now, into: &actions) }
      fail(error.code, error.reason, at: now, into: &actions)
    }
  }

  /// Begins the closing handshake.
  mutating func close(
    _ code: WebSocketCloseCode, _ reason: String, at now: Instant, into actions: inout [Action]
  ) {
    guard case .open = state else { return }
    actions.append(.send(WebSocketFrame.close(code, reason)))
    actions.append(.closed(WebSocketClosure(code: code, reason: reason, isClean: false)))
    state = .closing
    closeDeadline = now + limits.closeTimeout
  }

  /// Says whether the socket is being read; while it is not, silence means nothing.
  mutating func setPaused(_ isPaused: Bool, at now: Instant) {
    self.isPaused = isPaused
    hear(at: now)
  }

  private mutating func hear(at now: Instant) {
    lastHeard = now
    pingSent = nil
    extendedDeadline = nil
  }

  /// Pings a silent peer, and gives up on one that does not answer.
  mutating func advance(to now: Instant, into actions: inout [Action]) {
    guard let deadline, now >= deadline else { return }
    if case .open = state {
      guard pingSent != nil else {
        pingSent = now
        return actions.append(.send(WebSocketFrame.bytes(.ping, [])))
      }
      if extendedDeadline == nil, let later = LateLook.extended(deadline, at: now) {
        extendedDeadline = later
        return
      }
    }
    lose(into: &actions)
  }

  /// The connection broke.
  mutating func lose(into actions: inout [Action]) {
    if case .open = state {
      actions.append(.closed(WebSocketClosure(code: .abnormal, reason: "", isClean: false)))
    }
    if case .over = state { return }
    state = .over
    actions.append(.abort)
  }

  private mutating func handle(
    _ event: WebSocketDecoder.Event, at now: Instant, into actions: inout [Action]
  ) {
    switch (event, state) {
    case (.message(let message), .open): actions.append(.deliver(message))
    case (.ping(let payload), .open):
      actions.append(.send(WebSocketFrame.bytes(.pong, payload)))
    case (.close(let code, let reason), .open):
      actions.append(.send(WebSocketFrame.close(code, "")))
      actions.append(.closed(WebSocketClosure(code: code, reason: reason, isClean: true)))
      state = .over
      actions.append(.finish)
    case (.close, .closing):
      state = .over
      actions.append(.finish)
    default: break
    }
  }

  /// Fails the connection (RFC 6455 §7.1.7): says why and does not wait for an answer.
  private mutating func fail(
    _ code: WebSocketCloseCode, _ reason: String, at now: Instant, into actions: inout [Action]
  ) {
    if case .open = state {
      actions.append(.send(WebSocketFrame.close(code, reason)))
      actions.append(.closed(WebSocketClosure(code: code, reason: reason, isClean: false)))
    }
    if case .over = state { return }
    state = .over
    actions.append(.finish)
  }
}
