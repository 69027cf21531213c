/// How the session as a whole is (W3C WebRTC §4.3.3).
public enum PeerConnectionState: String, Sendable, Hashable {
  /// Nothing has begun.
  case new
  /// On the way.
  case connecting
  /// Media and data can flow.
  case connected
  /// The path has been silent for some seconds.
  case disconnected
  /// The path is lost, or the other side is not who it should be.
  case failed
  /// Over.
  case closed
}

/// How the search for a path is (W3C WebRTC §5.6.4).
public enum ICEConnectionState: String, Sendable, Hashable {
  /// Nothing to check yet.
  case new
  /// Looking for a path.
  case checking
  /// A path is found.
  case connected
  /// A path is found, and no better one is looked for.
  case completed
  /// The path has been silent for some seconds.
  case disconnected
  /// There is no path; a restart may find one.
  case failed
  /// Over.
  case closed
}

/// How far gathering is (W3C WebRTC §4.3.2).
public enum ICEGatheringState: String, Sendable, Hashable {
  /// Not begun.
  case new
  /// Under way.
  case gathering
  /// All candidates are known.
  case complete
}
