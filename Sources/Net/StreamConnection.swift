public import Wire

/// A connection that carries a stream of bytes, plain or in TLS, for one owner on one thread.
///
/// It never waits. An event loop's handler attaches it to itself, hands it every readiness that is
/// reported for `descriptor`, and gets what has arrived in return:
///
/// ```swift
/// func handle(_ readiness: Readiness, of descriptor: Descriptor, at now: Instant) {
///   connection.handle(readiness) { bytes in framing.append(bytes) }
///   if connection.phase.isOver { connection.close() }
/// }
/// ```
public protocol StreamConnection: AnyObject {
  /// What the loop reports readiness of.
  var descriptor: Descriptor { get }
  /// Our end; port 0 until the system has chosen one.
  var localAddress: TransportAddress { get }
  /// The other end.
  var remoteAddress: TransportAddress { get }
  /// How far the connection is.
  var phase: StreamPhase { get }
  /// Bytes taken by `write` that the system has not taken yet.
  var queuedByteCount: Int { get }
  /// While set, nothing is read, so that the other side has to wait.
  var isReadingPaused: Bool { get set }

  /// Has the handler's loop watch the connection for what it waits for, until it is over.
  func attach(to handler: any EventLoopHandler) throws(SystemError)
  /// Goes on after `readiness` was reported: connects, reads and writes what is possible. `receive` is
  /// called with what arrived, piece by piece.
  func handle(_ readiness: Readiness, _ receive: (Span<UInt8>) -> Void)
  /// Sends all of `bytes`, now or as soon as possible. False, and nothing taken, where the queue has no
  /// room or the connection is over.
  func write(_ bytes: Span<UInt8>) -> Bool
  /// Sends what is queued and tells the other side that no more will come. Reading goes on.
  func finish()
  /// Ends the connection in both directions and forgets what is queued.
  func close()
}

/// How far a connection is.
public enum StreamPhase: Equatable, Sendable {
  /// Not usable yet. What is written waits.
  case connecting
  /// Usable.
  case open
  /// The other side sends no more. Writing goes on.
  case ended
  /// Broken, or never made.
  case failed(StreamError)
  /// `close` was called.
  case closed

  /// Whether nothing can be sent any more.
  public var isOver: Bool {
    switch self {
    case .connecting, .open, .ended: false
    case .failed, .closed: true
    }
  }
}

/// Why a connection broke, or was never made.
public enum StreamError: Error, Equatable, Sendable {
  /// The system's reason.
  case system(SystemError)
  /// The other side's certificate is not to be trusted, in OpenSSL's words.
  case certificateRefused(String)
  /// What came is not TLS, or not what we speak; in OpenSSL's words.
  case securityFailed(String)
}

extension StreamError: CustomStringConvertible {
  /// The reason in words.
  public var description: String {
    switch self {
    case .system(let error): error.description
    case .certificateRefused(let reason): "certificate refused: \(reason)"
    case .securityFailed(let reason): "TLS: \(reason)"
    }
  }
}
