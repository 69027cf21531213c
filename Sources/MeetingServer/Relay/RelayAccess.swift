public import Signaling
public import Wire

/// The relay as the meeting sees it.
public protocol RelayAccess: Sendable {
  /// What somebody needs to use the relay, with credentials of their own, which run out after `lifetime`. `host` is how
  /// they reached the server.
  func servers(
    for name: String, reachedAt host: String?, lasting lifetime: Duration
  ) -> ICEServerDescription
  /// Ends all that was relayed for a user name, which is good no longer.
  func revoke(_ username: String) async
  /// The UDP port at which clients are told to reach it.
  var udpPort: UInt16 { get }
  /// How the clients reach it to which it lent `addresses`; what it did not lend is missing.
  func transports(
    relayingAt addresses: [TransportAddress]
  ) async -> [TransportAddress: Path.Transport]
  /// How the relay does, in numbers.
  var metrics: [MetricFamily] { get async }
}
