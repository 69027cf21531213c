import ICE
import Net
import Peer
import STUN
import Wire

extension Hub {
  /// A TCP connection to the shared listener, of which nobody knows yet whose it is: its first check will tell
  /// (RFC 6544 §7).
  final class Stranger {
    let connection: TCPConnection
    /// Until then the first check must have come.
    let patience: Instant
    var framing = StreamFraming()

    init(_ connection: TCPConnection, patience: Instant) {
      self.connection = connection
      self.patience = patience
    }
  }

  private static let strangerLimit = 128
  /// Nobody takes all places alone; behind one address there may be an office all the same.
  private static let strangerLimitOfAddress = 32
  private static let firstCheckTimeout = Duration.seconds(10)
  /// A check is far shorter; who sends more without one is nobody's peer.
  private static let firstByteLimit = 4096

  func welcome(_ listener: TCPListener, at now: Instant) {
    listener.accept { connection in
      let ip = connection.remoteAddress.ip
      guard strangers.count < Self.strangerLimit,
        strangers.values.count(where: { $0.connection.remoteAddress.ip == ip })
          < Self.strangerLimitOfAddress,
        (try? connection.attach(to: self)) != nil
      else { return connection.close() }
      strangers[ObjectIdentifier(connection.descriptor)] = Stranger(
        connection, patience: now + Self.firstCheckTimeout)
    }
  }

  func listen(to stranger: Stranger, _ readiness: Readiness, at now: Instant) {
    stranger.connection.handle(readiness) { stranger.framing.append($0) }
    guard let first = stranger.framing.next() else {
      if stranger.framing.pendingByteCount > Self.firstByteLimit
        || stranger.connection.phase != .open
      {
        dismiss(stranger)
      }
      return
    }
    guard let name = RemotePeer.localUsernameFragment(ofCheck: first.span),
      let connection = names[name].flatMap({ connections[$0] })
    else { return dismiss(stranger) }
    strangers[ObjectIdentifier(stranger.connection.descriptor)] = nil
    touched.insert(connection.key)
    connection.adopt(stranger, first: first, at: now, into: outbox)
    flush(connection)
  }

  func dismissStrangers(at now: Instant) {
    for stranger in strangers.values where stranger.patience <= now { dismiss(stranger) }
  }

  private func dismiss(_ stranger: Stranger) {
    strangers[ObjectIdentifier(stranger.connection.descriptor)] = nil
    stranger.connection.close()
  }
}
