internal import Wire

extension SCTPAssociation {
  /// Goes on with an orderly shutdown once nothing of ours is outstanding (RFC 9260 §9.2).
  func advanceShutdown(at now: Instant) {
    guard state == .shutdownPending || state == .shutdownReceived, sending.isEmpty else { return }
    if state == .shutdownPending {
      state = .shutdownSent
      queueShutdown()
    } else {
      state = .shutdownAckSent
      queueShutdownAcknowledgement()
    }
    retry.start(after: sending.timeout.duration, at: now)
  }

  func queueShutdown() {
    guard let cumulativeTSN = receiving?.tracker.cumulativeTSN, control.count < 8 else { return }
    queueControl(capacity: Shutdown.byteCount) {
      $0.append(Shutdown(cumulativeTSN: cumulativeTSN))
    }
  }

  func queueShutdownAcknowledgement() {
    guard control.count < 8 else { return }
    queueControl(capacity: 4) { $0.appendShutdownAcknowledgement() }
  }

  func receive(_ shutdown: Shutdown, at now: Instant) {
    switch state {
    case .closed, .cookieWait, .cookieEchoed: return
    case .established, .shutdownPending:
      state = .shutdownReceived
      acknowledge(shutdown, at: now)
    case .shutdownReceived: acknowledge(shutdown, at: now)
    case .shutdownSent:
      // Both shut down at once.
      state = .shutdownAckSent
      queueShutdownAcknowledgement()
      retry.start(after: sending.timeout.duration, at: now)
    case .shutdownAckSent: queueShutdownAcknowledgement()
    }
  }

  private func acknowledge(_ shutdown: Shutdown, at now: Instant) {
    let sack = SelectiveAcknowledgement(
      cumulativeTSN: shutdown.cumulativeTSN,
      advertisedWindow: UInt32(clamping: sending.advertisedWindow))
    receive(sack, at: now)
  }

  func receiveShutdownAcknowledgement(into outbox: Outbox, events: inout [Event]) {
    guard state == .shutdownSent || state == .shutdownAckSent else { return }
    send(into: outbox) { $0.appendShutdownComplete(isReflected: false) }
    close(.closed, events: &events)
  }
}
