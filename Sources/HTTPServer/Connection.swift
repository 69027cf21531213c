/// One connection on the service thread: its session and what waits to be sent.
final class Connection {
  typealias Instant = ContinuousClock.Instant

  enum Phase {
    case http(HTTPSession)
    case webSocket(WebSocketSession, WebSocketConnection)
    /// Sends what is left; then ends.
    case finishing
    /// All is sent and our side is shut; the peer may read it and close.
    case lingering
  }

  let id: UInt64
  /// Whose connections are counted together.
  let client: String
  let socket: RawSocket
  var phase: Phase
  /// The request being handled.
  var task: Task<Void, Never>?
  /// When the timer in libwebsockets fires.
  var armed: Instant?
  /// When a phase without session ends.
  var phaseDeadline: Instant?
  var isReading = true
  /// The reader of the messages is behind.
  var isBehind = false
  /// libwebsockets keeps a part of the last write: it must not be asked to read (see `Service.write`).
  var isStuck = false
  private var outgoing = SendQueue()

  init(id: UInt64, client: String, socket: RawSocket, session: HTTPSession) {
    self.id = id
    self.client = client
    self.socket = socket
    phase = .http(session)
  }

  var deadline: Instant? {
    switch phase {
    case .http(let session): session.deadline
    case .webSocket(let session, _): session.deadline
    case .finishing, .lingering: phaseDeadline
    }
  }

  var wantsInput: Bool {
    switch phase {
    case .http(let session): session.wantsInput
    case .webSocket: !isBehind
    case .finishing, .lingering: true
    }
  }

  func queue(_ bytes: [UInt8], isCounted: Bool = false) {
    outgoing.append(bytes, isCounted: isCounted)
  }

  /// Takes the next bytes to write and tells a WebSocket that its own have gone.
  func nextWrite() -> ArraySlice<UInt8>? {
    guard let (bytes, counted) = outgoing.next() else { return nil }
    if counted > 0, case .webSocket(_, let socket) = phase { socket.didSend(counted) }
    return bytes
  }

  var hasUnsent: Bool { !outgoing.isEmpty }

  func dropUnsent() { outgoing.dropUnbegun() }
}

/// Byte strings in the order they are to be sent, handed out in writes of a fitting size.
struct SendQueue {
  private struct Chunk {
    var bytes: [UInt8]
    var isCounted: Bool
  }

  private var chunks: [Chunk] = []
  private var head = 0
  private var offset = 0

  /// The most bytes handed out at once.
  static let writeSize = 64 * 1024

  var isEmpty: Bool { head == chunks.count }

  mutating func append(_ bytes: [UInt8], isCounted: Bool) {
    chunks.append(Chunk(bytes: bytes, isCounted: isCounted))
  }

  /// The next write, and how many of its bytes are counted.
  mutating func next() -> (ArraySlice<UInt8>, counted: Int)? {
    guard head < chunks.count else { return nil }
    let first = chunks[head]
    if first.bytes.count - offset >= 4096 || head + 1 == chunks.count {
      let part = first.bytes[offset...].prefix(Self.writeSize)
      advance(by: part.count)
      return (part, first.isCounted ? part.count : 0)
    }
    return gathered()
  }

  /// Forgets everything except the rest of what is already partly out.
  mutating func dropUnbegun() {
    let begun = offset > 0 ? chunks[head..<chunks.count].first : nil
    chunks = begun.map { [$0] } ?? []
    head = 0
  }

  /// Many small chunks go out in one write.
  private mutating func gathered() -> (ArraySlice<UInt8>, counted: Int) {
    var bytes: [UInt8] = []
    var counted = 0
    while head < chunks.count {
      let part = chunks[head].bytes[offset...]
      guard bytes.count + part.count <= Self.writeSize else { break }
      bytes.append(contentsOf: part)
      if chunks[head].isCounted { counted += part.count }
      advance(by: part.count)
    }
    return (bytes[...], counted)
  }

  private mutating func advance(by count: Int) {
    offset += count
    guard offset >= chunks[head].bytes.count else { return }
    chunks[head].bytes = []
    offset = 0
    head += 1
    if head == chunks.count {
      chunks = []
      head = 0
    } else if head >= 256, head * 2 >= chunks.count {
      chunks.removeFirst(head)
      head = 0
    }
  }
}
