public import Session
import Wire

extension PeerConnection {
  /// What can be told of the connection now, under the identifiers of W3C webrtc-stats; empty once it is closed.
  public func getStats() async -> SessionStatistics {
    let found = try? await session { session, now, _ throws(SessionError) in
      session.statistics(at: now)
    }
    return found ?? SessionStatistics()
  }
}
