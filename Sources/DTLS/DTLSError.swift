/// Why an association could not be made, ended, or did not send.
public enum DTLSError: Error, Equatable, Sendable {
  /// The handshake took longer than its time.
  case timedOut
  /// The certificate of the other side is not the one its description promised.
  case fingerprintMismatch
  /// The other side showed no certificate.
  case certificateMissing
  /// The key in the other side's certificate has less than 112 bits of strength.
  case keyTooWeak
  /// The other side gave up, with this alert (RFC 5246 §7.2).
  case alertReceived(UInt8)
  /// The handshake broke a rule or had nothing in common; the text is for the operator.
  case handshakeFailed(reason: String)
  /// Application data cannot be sent now.
  case notConnected
  /// Application data does not fit into one datagram.
  case messageTooLarge
  /// OpenSSL could not be set up: no memory, no randomness or a broken installation.
  case libraryFailed
}
