public import Wire

/// TLS over a TCP connection that never waits, for one owner on one thread.
///
/// The handshake goes on by itself. The other side is verified before `phase` becomes open, and nothing
/// written before is sent until then.
public final class TLSConnection: StreamConnection {
  /// What TLS adds to a record, at most; a record holds up to 16 KiB.
  private static let recordOverhead = 64

  /// What the loop reports readiness of.
  public var descriptor: Descriptor { connection.descriptor }
  /// Our end; port 0 until the system has chosen one.
  public var localAddress: TransportAddress { connection.localAddress }
  /// The other end.
  public var remoteAddress: TransportAddress { connection.remoteAddress }
  /// How far the connection is.
  public private(set) var phase = StreamPhase.connecting
  /// Bytes taken by `write` that the system has not taken yet.
  public var queuedByteCount: Int { connection.queuedByteCount + early.count }
  /// While set, nothing is read, so that the other side has to wait.
  public var isReadingPaused: Bool {
    get { connection.isReadingPaused }
    set { connection.isReadingPaused = newValue }
  }

  /// When the other side's certificate expires, in seconds since 1970; nil before the handshake is over, and
  /// where it showed none.
  public var certificateExpiry: Int64? { session.certificateExpiry }
  /// The SHA-256 of the other side's certificate in DER; nil as for `certificateExpiry`.
  public var certificateDigest: [UInt8]? { session.certificateDigest }
  /// What is wrong with the other side's certificate, whether that ended the handshake or not; nil where nothing is, and
  /// where it was pinned.
  public var certificateFault: CertificateFault? { session.certificateFault }

  /// Whether somebody has taken the connection, and has not broken it since; the handshake may go on.
  public var isReached: Bool { connection.phase == .open || connection.phase == .ended }

  private let connection: TCPConnection
  private let session: TLSSession
  private let maximumEarlyBytes: Int
  /// Written before the handshake was over.
  private var early: [UInt8] = []
  private var finishes = false

  /// Begins to connect to `remote`, which has to prove to be `host`: a name, or an address in text.
  public init(
    to remote: TransportAddress, host: String, context: TLSContext,
    from local: TransportAddress? = nil, options: TCPConnection.Options = .init()
  ) throws(StreamError) {
    session = try TLSSession(context: context, host: host)
    do throws(SystemError) {
      connection = try TCPConnection(to: remote, from: local, options: options)
    } catch {
      throw .system(error)
    }
    maximumEarlyBytes = options.maximumQueuedBytes / 2
    // The first message waits in the connection's queue until that is open.
    advance { _ in }
  }

  /// Speaks TLS on a connection that somebody made to us.
  public init(accepted connection: TCPConnection, context: TLSContext) throws(StreamError) {
    session = try TLSSession(context: context, host: nil)
    self.connection = connection
    maximumEarlyBytes = connection.room / 2
  }

  /// Has the handler's loop watch the connection, until it is over.
  public func attach(to handler: any EventLoopHandler) throws(SystemError) {
    try connection.attach(to: handler)
  }

  /// Goes on after `readiness` was reported, and gives what arrived to `receive`.
  public func handle(_ readiness: Readiness, _ receive: (Span<UInt8>) -> Void) {
    connection.handle(readiness) { encrypted in
      guard !phase.isOver else { return }
      session.offer(encrypted)
      advance(receive)
    }
    guard !phase.isOver else { return }
    switch connection.phase {
    case .connecting, .open, .closed: break
    case .failed: phase = connection.phase
    case .ended:
      // Without the alert that ends TLS, somebody else may have cut the connection.
      if phase == .connecting { fail(.securityFailed("the connection ended in the handshake")) }
      if phase == .open { phase = .ended }
    }
  }

  /// Sends all of `bytes`, now or later. False, and nothing taken, where there is no room.
  public func write(_ bytes: Span<UInt8>) -> Bool {
    guard !phase.isOver, !finishes else { return false }
    if phase == .connecting {
      guard bytes.count <= maximumEarlyBytes - early.count else { return false }
      early.append(addingCapacity: bytes.count) { $0.append(copying: bytes) }
      return true
    }
    let records = bytes.count / (16 << 10) + 1
    guard bytes.count + records * Self.recordOverhead <= connection.room else { return false }
    return encrypt(bytes)
  }

  /// Sends what is queued and tells the other side that no more will come.
  public func finish() {
    guard !finishes, !phase.isOver else { return }
    finishes = true
    finishIfDue()
  }

  /// Ends the connection in both directions and forgets what is queued.
  public func close() {
    guard phase != .closed else { return }
    if phase == .open || phase == .ended {
      session.shutDown()
      flush()
    }
    phase = .closed
    early = []
    connection.close()
  }

  // MARK: Between the session and the connection

  /// Goes on as far as what arrived allows.
  private func advance(_ receive: (Span<UInt8>) -> Void) {
    if phase == .connecting {
      switch session.continueHandshake() {
      case .waiting: return flush()
      case .failed(let error):
        // The alert tells the other side why.
        flush()
        return fail(error)
      case .finished:
        flush()
        phase = .open
        sendEarly()
        finishIfDue()
      }
    }
    while phase == .open {
      switch session.read(receive) {
      case .data: continue
      case .nothing: return flush()
      case .ended:
        phase = .ended
        return flush()
      case .failed(let error):
        flush()
        return fail(error)
      }
    }
  }

  private func sendEarly() {
    var waiting: [UInt8] = []
    swap(&waiting, &early)
    if !waiting.isEmpty { _ = encrypt(waiting.span) }
  }

  private func finishIfDue() {
    guard finishes, phase == .open || phase == .ended else { return }
    session.shutDown()
    flush()
    connection.finish()
  }

  private func encrypt(_ bytes: Span<UInt8>) -> Bool {
    guard !bytes.isEmpty else { return true }
    guard session.write(bytes) else {
      fail(.securityFailed("nothing can be encrypted"))
      return false
    }
    flush()
    return !phase.isOver
  }

  /// Hands what TLS wants to send to the connection, which has room for it unless the other side lets
  /// handshakes or alerts pile up.
  private func flush() {
    let encrypted = session.takeOutput()
    guard !encrypted.isEmpty, !connection.write(encrypted.span) else { return }
    if case .failed = connection.phase {
      phase = connection.phase
    } else {
      fail(.securityFailed("the other side reads nothing"))
    }
  }

  private func fail(_ error: StreamError) {
    guard !phase.isOver else { return }
    phase = .failed(error)
    early = []
    connection.finish()
  }
}
