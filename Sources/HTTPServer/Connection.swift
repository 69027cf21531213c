/// One connection on the service thread: the session that speaks for it and what waits to be sent.
final class Connection {
  typealias Instant = ContinuousClock.Instant

  /// How far a connection without session is on its way out.
  enum Ending {
    /// Sends what is left.
    case finishing
    /// All is sent and our side is shut; the peer may read it and close.
    case lingering
  }

  let id: UInt64
  /// Whose connections are counted together.
  let client: String
  var socket: RawSocket
  /// Whether it came over TLS.
  var isSecure = false
  /// Each session is changed where it is: a copy would make every byte that arrives copy what arrived before.
  var http: HTTPSession?
  var webSocketSession: WebSocketSession?
  var webSocket: WebSocketConnection?
  var stream: StreamSession?
  /// What has arrived while nobody can tell what it begins; nil once it is known.
  var beginning: [UInt8]? = []
  private(set) var ending: Ending?
  private var endingDeadline: Instant?
  /// The request being handled.
  var task: Task<Void, Never>?
  /// When the timer in libwebsockets fires.
  var armed: Instant?
  var isReading = true
  /// The reader of the messages, or of the stream, is behind.
  var isBehind = false
  /// libwebsockets keeps a part of the last write (see `Service.write`).
  var isStuck = false
  private var outgoing = SendQueue()

  init(id: UInt64, client: String, socket: RawSocket, session: HTTPSession) {
    self.id = id
    self.client = client
    self.socket = socket
    http = session
  }

  var deadline: Instant? {
    guard ending == nil else { return endingDeadline }
    return http?.deadline ?? webSocketSession?.deadline ?? stream?.deadline
  }

  /// A peer that does not take the answers to its pings is not asked for more of them.
  var wantsInput: Bool {
    if ending != nil { return true }
    return http?.wantsInput ?? (!isBehind && outgoing.uncountedByteCount < SendQueue.writeSize)
  }

  /// Whether the socket's being writable matters.
  var wantsOutput: Bool { !outgoing.isEmpty || ending == .finishing }

  func queue(_ bytes: [UInt8], isCounted: Bool = false) {
    outgoing.append(bytes, isCounted: isCounted)
  }

  /// Takes the next bytes to write and tells a WebSocket or stream that its own have gone.
  func nextWrite() -> ArraySlice<UInt8>? {
    let limit = stream == nil ? SendQueue.writeSize : SendQueue.streamWriteSize
    guard let (bytes, counted) = outgoing.next(atMost: limit) else { return nil }
    if counted > 0 {
      webSocket?.didSend(counted)
      stream?.stream.didSend(counted)
    }
    return bytes
  }

  /// Forgets the messages that wait to be sent.
  func dropMessages() { outgoing.dropCounted() }

  func end(_ ending: Ending, by deadline: Instant) {
    self.ending = ending
    endingDeadline = deadline
    http = nil
    webSocketSession = nil
    stream = nil
    beginning = nil
  }
}
