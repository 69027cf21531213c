/// Why an association ended other than by an orderly shutdown.
public enum SCTPError: Error, Hashable, Sendable {
  /// The other side never answered INIT or COOKIE ECHO (RFC 9260 §4).
  case handshakeTimedOut
  /// Data, heartbeats or shutdown went unanswered too often in a row (RFC 9260 §8.1).
  case peerUnreachable
  /// The other side sent ABORT; the first error cause in it, 0 where there is none (RFC 9260 §3.3.10).
  case abortedByPeer(cause: UInt16)
  /// We ended it without a shutdown.
  case aborted
  /// The other side broke the protocol; we sent ABORT.
  case protocolViolation
  /// The other side sent a message longer than we take; we sent ABORT.
  case messageTooLong
  /// The other side sent more than the window we told it, in bytes or in fragments; we sent ABORT.
  case receiveBufferExceeded
}

/// Why a message was not taken for sending.
public enum SCTPSendError: Error, Hashable, Sendable {
  /// Longer than the other side takes (RFC 8841 §6).
  case tooLong
  /// SCTP carries no message without bytes.
  case empty
  /// Too many bytes wait already.
  case bufferFull
  /// The association is shutting down or closed, or the stream is being reset.
  case closing
  /// The other side has not so many streams.
  case noSuchStream
}
