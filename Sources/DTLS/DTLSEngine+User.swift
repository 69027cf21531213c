public import Cryptography
public import Wire

extension DTLSEngine {
  /// Says which certificates the other side may have: the fingerprints of its description.
  ///
  /// A handshake that waited for it connects or fails at once. When connected it changes nothing:
  /// other fingerprints belong to another association (RFC 8842 §5).
  public func setExpectedFingerprints(
    _ fingerprints: [CertificateFingerprint], at now: Instant, into outbox: Outbox,
    events: inout [Event]
  ) {
    guard let session, state != .connected else { return }
    session.expectedFingerprints = fingerprints
    guard case .unverified = state else { return }
    perform(at: now, into: outbox) { session in
      verify(session, events: &events)
      if state == .ended { session.shutDown() }
      if state == .connected { deliverHeld(session, at: now, events: &events) }
    }
  }

  /// Sends one datagram of application data.
  ///
  /// Throws `notConnected`, `messageTooLarge` above `maximumApplicationDataSize`, or `libraryFailed`.
  public func send(_ message: Span<UInt8>, into outbox: Outbox) throws(DTLSError) {
    guard let session, state == .connected else { throw .notConnected }
    guard message.count <= maximumApplicationDataSize else { throw .messageTooLarge }
    guard !message.isEmpty else { return }
    context.port.removeAll()
    defer { if buffersUntil == nil { session.releaseBuffers() } }
    guard session.acquireBuffers(), session.write(message) else { throw .libraryFailed }
    flush(into: outbox)
  }

  /// Ends the association, and tells the other side if there is one.
  public func close(into outbox: Outbox) {
    if let session, state == .connected, session.acquireBuffers() {
      context.port.removeAll()
      session.shutDown()
      flush(into: outbox)
    }
    end()
  }
}
