import Net
import Wire

/// Connections with peers whose clients are gone (RFC 6062): what these have sent leaves first.
extension RelayServer {
  /// How long a peer may take for it.
  static let finishTime = Duration.seconds(10)
  /// How many there may be; beyond it they are closed at once.
  private static let maximumFinishing = 1024

  /// Sends what waits for a peer, then closes. What the peer says meanwhile is thrown away: left unread it would make
  /// the system tell the peer that all is lost.
  func finish(_ link: PeerLink, _ now: Instant) {
    let connection = link.connection
    guard link.client != nil, !isFinished(link), finishing.count < Self.maximumFinishing else {
      return discard(link)
    }
    link.closesAt = now + Self.finishTime
    finishing[ObjectIdentifier(connection.descriptor)] = link
    connection.isReadingPaused = false
    connection.finish()
  }

  func goOnFinishing(_ link: PeerLink, _ readiness: Readiness) {
    link.connection.handle(readiness) { _ in }
    if isFinished(link) { discard(link) }
  }

  private func isFinished(_ link: PeerLink) -> Bool {
    switch link.connection.phase {
    case .ended: link.connection.queuedByteCount == 0
    case .open: false
    case .connecting, .failed, .closed: true
    }
  }

  private func discard(_ link: PeerLink) {
    finishing[ObjectIdentifier(link.connection.descriptor)] = nil
    unwatch(link.connection.descriptor)
    link.connection.close()
  }

  /// Closes those that have taken too long; tells when the next has.
  @discardableResult
  func endFinishing(_ now: Instant) -> Instant? {
    guard !finishing.isEmpty else { return nil }
    for link in finishing.values where link.closesAt.map({ $0 <= now }) ?? true { discard(link) }
    return finishing.values.compactMap(\.closesAt).min()
  }
}
