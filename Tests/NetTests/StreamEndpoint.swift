import Net
import Wire

/// One end of a connection on an event loop, that tests write to and wait for.
actor StreamEndpoint: EventLoopHandler {
  struct View: Sendable {
    var phase: StreamPhase?
    var received: [UInt8] = []
    var queuedByteCount = 0
    var hasRefusedWrite = false
  }

  nonisolated let loop: EventLoop
  nonisolated let address: TransportAddress
  private let listener: TCPListener?
  private let secure: (@Sendable (TCPConnection) throws -> any StreamConnection)?
  private var connection: (any StreamConnection)?
  private var received: [UInt8] = []
  private var hasRefusedWrite = false
  private var startsPaused = false
  var echoes = false
  private var waiting: (condition: @Sendable (View) -> Bool, CheckedContinuation<View, Never>)?

  /// Connects by `make`.
  init(
    on loop: EventLoop, connecting make: @Sendable () throws -> any StreamConnection
  ) throws {
    self.loop = loop
    listener = nil
    secure = nil
    let made = try make()
    connection = made
    address = made.remoteAddress
    loop.add(self)
    try made.attach(to: self)
  }

  /// Listens on a free port for one connection.
  init(
    on loop: EventLoop, listeningAt ip: IPAddress = loopback, startsPaused: Bool = false,
    securing secure: (@Sendable (TCPConnection) throws -> any StreamConnection)? = nil
  ) throws {
    self.loop = loop
    self.secure = secure
    self.startsPaused = startsPaused
    let made = try TCPListener(boundTo: TransportAddress(ip: ip, port: 0))
    listener = made
    address = made.localAddress
    loop.add(self)
    try loop.watch(made.descriptor, handler: self)
  }

  func handle(_ readiness: Readiness, of descriptor: Descriptor, at now: Instant) {
    if let listener, descriptor === listener.descriptor {
      listener.accept { accepted in
        connection = secure.flatMap { try? $0(accepted) } ?? accepted
        connection?.isReadingPaused = startsPaused
        try? connection?.attach(to: self)
      }
      return
    }
    connection?.handle(readiness) { bytes in
      let copy = [UInt8](copying: bytes)
      received += copy
      if echoes { _ = connection?.write(copy.span) }
    }
  }

  func finishTurn(at now: Instant) -> NextTurn {
    if let waiting, waiting.condition(view) {
      self.waiting = nil
      waiting.1.resume(returning: view)
    }
    return NextTurn()
  }

  var view: View {
    View(
      phase: connection?.phase, received: received,
      queuedByteCount: connection?.queuedByteCount ?? 0, hasRefusedWrite: hasRefusedWrite)
  }

  var localAddress: TransportAddress? { connection?.localAddress }

  func echo() { echoes = true }

  @discardableResult
  func write(_ bytes: [UInt8]) -> Bool {
    let isTaken = connection?.write(bytes.span) ?? false
    if !isTaken { hasRefusedWrite = true }
    return isTaken
  }

  func finish() { connection?.finish() }
  func close() { connection?.close() }
  func drop() { connection = nil }
  func setPaused(_ isPaused: Bool) { connection?.isReadingPaused = isPaused }

  /// Waits for a turn after which `condition` holds.
  @discardableResult
  func wait(until condition: @escaping @Sendable (View) -> Bool) async -> View {
    await withCheckedContinuation { waiting = (condition, $0) }
  }
}
