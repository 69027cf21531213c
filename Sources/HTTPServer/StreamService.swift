/// Something other than HTTP on the server's port, told by the first bytes of a connection.
public struct StreamService: Sendable {
  /// Whether a connection belongs to a service.
  public enum Recognition: Sendable {
    /// It does.
    case yes
    /// It does not, whatever follows.
    case no
    /// Too little of it has arrived to tell.
    case moreNeeded
  }

  /// The most bytes that a service may wait for before it says yes or no.
  public static let longestBeginning = 4096

  /// Looks at all that has arrived of a connection. Called on the server's thread.
  public var recognise: @Sendable (ArraySlice<UInt8>) -> Recognition
  /// Takes a connection over; what has arrived so far is its first bytes. Called on the server's thread.
  public var open: @Sendable (ByteStream) -> any StreamReceiver
  /// Bytes that may wait to be sent.
  public var sendQueueBytes: Int
  /// From one arrival to the next; nil where the service ends idle connections itself.
  public var idleTimeout: Duration?

  /// A service; the bytes that wait to be sent are bounded.
  public init(
    sendQueueBytes: Int = 256 * 1024, idleTimeout: Duration? = .seconds(30),
    recognise: @escaping @Sendable (ArraySlice<UInt8>) -> Recognition,
    open: @escaping @Sendable (ByteStream) -> any StreamReceiver
  ) {
    self.recognise = recognise
    self.open = open
    self.sendQueueBytes = sendQueueBytes
    self.idleTimeout = idleTimeout
  }
}

/// What becomes of a stream's bytes. Both are called on the server's thread and must not wait.
public protocol StreamReceiver: AnyObject, Sendable {
  /// Bytes arrived.
  func received(_ bytes: [UInt8], on stream: ByteStream)
  /// The stream is over, whoever ended it. It is the last call.
  func ended(_ stream: ByteStream)
}

/// Whose a connection is.
enum StreamChoice {
  case service(StreamService)
  case http
  case moreNeeded
}

extension [StreamService] {
  /// Whose the connection is that begins so.
  func choose(_ beginning: ArraySlice<UInt8>) -> StreamChoice {
    var isOpen = false
    for service in self {
      switch service.recognise(beginning) {
      case .yes: return .service(service)
      case .no: break
      case .moreNeeded: isOpen = true
      }
    }
    return isOpen && beginning.count < StreamService.longestBeginning ? .moreNeeded : .http
  }
}
