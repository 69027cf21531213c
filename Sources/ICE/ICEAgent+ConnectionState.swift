extension ICEAgent {
  /// How far ICE is, in the words of the W3C's `RTCIceConnectionState`.
  public enum ConnectionState: String, Sendable, Hashable, CaseIterable {
    /// No checks yet.
    case new
    /// Looking for a pair.
    case checking
    /// A pair is used; a better one may still be found.
    case connected
    /// A pair is used, and nothing more is looked for.
    case completed
    /// The pair in use is silent; it may recover by itself.
    case disconnected
    /// No pair works. A restart may help.
    case failed
    /// The owner has ended it; an agent never says so itself.
    case closed
  }

  /// `state` in the W3C's words: completed once both sides have told all their candidates and a pair is
  /// nominated. After a restart the pair in use counts for nothing: it is checking again.
  public var connectionState: ConnectionState {
    switch state {
    case .new: return .new
    case .checking: return .checking
    case .disconnected: return .disconnected
    case .failed: return .failed
    case .connected:
      let isComplete =
        localCandidatesAreComplete && remoteCandidatesAreComplete && nominatingPath == nil
      return isComplete ? .completed : .connected
    }
  }
}
