public import Session

/// Why a call was refused. A refused call changes nothing.
@nonexhaustive
public enum RTCError: Error, Hashable, Sendable {
  /// The connection has been closed.
  case closed
  /// The task that waited was cancelled. Nothing else has changed.
  case cancelled
  /// Not in this state (W3C: InvalidStateError); the text says what is missing.
  case invalidState(String)
  /// An argument that cannot be (W3C: InvalidAccessError, TypeError, OperationError); the text says which and why.
  case invalidArgument(String)
  /// The other side's description or candidate cannot be used; the text says why.
  case invalidDescription(String)
  /// The certificate and key are damaged, do not belong together, or cannot be made.
  case certificateUnusable
  /// A socket could not be opened; the text is the system's reason.
  case network(String)
  /// The data channel is not open, or no longer.
  case channelNotOpen
  /// A frame or packet could not be sent; the case tells why.
  case mediaNotSent(MediaSendError)
  /// The message is longer than the other side takes, or than our own buffer: the limit in bytes.
  case messageTooLong(limit: Int)
}

extension RTCError: CustomStringConvertible {
  /// An English sentence for a log.
  public var description: String {
    switch self {
    case .closed: "the connection is closed"
    case .cancelled: "the task that waited was cancelled"
    case .invalidState(let text), .invalidArgument(let text), .invalidDescription(let text): text
    case .certificateUnusable: "the certificate and its key cannot be used"
    case .network(let text): "a socket could not be opened: \(text)"
    case .channelNotOpen: "the data channel is not open"
    case .mediaNotSent(let error): "the frame or packet was not sent: \(error)"
    case .messageTooLong(let limit):
      "the message is longer than the \(limit) bytes that can be sent"
    }
  }
}
