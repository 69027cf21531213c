public import Session
import Wire

extension PeerConnection {
  /// Proposes what the transceivers and channels are now (W3C WebRTC §4.4.2).
  public func createOffer(
    _ options: OfferOptions = OfferOptions()
  ) async throws(RTCError) -> SessionDescriptionText {
    try await session { session, _, _ throws(SessionError) in try session.createOffer(options) }
  }

  /// Answers the other side's pending offer.
  public func createAnswer() async throws(RTCError) -> SessionDescriptionText {
    try await session { session, _, _ throws(SessionError) in try session.createAnswer() }
  }

  /// Applies a description of ours; without one, the offer or answer that the state asks for is made and applied.
  ///
  /// Returns what was applied. From here on candidates are gathered.
  @discardableResult
  public func setLocalDescription(
    _ description: SessionDescriptionText? = nil
  ) async throws(RTCError) -> SessionDescriptionText? {
    try await session { session, now, outbox throws(SessionError) in
      try session.setLocalDescription(description, at: now, into: outbox)
      return session.localDescription
    }
  }

  /// Applies a description of the other side. An offer that meets one of ours takes ours back.
  public func setRemoteDescription(
    _ description: SessionDescriptionText
  ) async throws(RTCError) {
    try await session { session, now, outbox throws(SessionError) in
      try session.setRemoteDescription(description, at: now, into: outbox)
    }
  }

  /// Adds a candidate of the other side; `nil` says that there are no more.
  public func addICECandidate(_ candidate: CandidateInit?) async throws(RTCError) {
    try await session { session, now, outbox throws(SessionError) in
      try session.addICECandidate(candidate, at: now, into: outbox)
    }
  }

  /// Has the next offer look for a new path.
  public func restartICE() async throws(RTCError) {
    try await session { session, _, _ throws(SessionError) in session.restartICE() }
  }

  /// Our description, candidates gathered so far included: the pending one, else the current one.
  public var localDescription: SessionDescriptionText? {
    get async { (try? await session { session, _, _ in session.localDescription }) ?? nil }
  }

  /// The other side's description: the pending one, else the current one.
  public var remoteDescription: SessionDescriptionText? {
    get async { (try? await session { session, _, _ in session.remoteDescription }) ?? nil }
  }

  /// Our description that is in force.
  public var currentLocalDescription: SessionDescriptionText? {
    get async { (try? await session { session, _, _ in session.currentLocalDescription }) ?? nil }
  }

  /// Our description that is not answered yet.
  public var pendingLocalDescription: SessionDescriptionText? {
    get async { (try? await session { session, _, _ in session.pendingLocalDescription }) ?? nil }
  }

  /// The other side's description that is in force.
  public var currentRemoteDescription: SessionDescriptionText? {
    get async { (try? await session { session, _, _ in session.currentRemoteDescription }) ?? nil }
  }

  /// The other side's description that we have not answered yet.
  public var pendingRemoteDescription: SessionDescriptionText? {
    get async { (try? await session { session, _, _ in session.pendingRemoteDescription }) ?? nil }
  }

  /// How far an offer and its answer are.
  public var signalingState: SignalingState {
    get async { (try? await session { session, _, _ in session.signalingState }) ?? .closed }
  }

  /// How far the search for our candidates is.
  public var iceGatheringState: ICEGatheringState {
    get async { (try? await session { session, _, _ in session.iceGatheringState }) ?? .new }
  }

  /// How far the search for a path is.
  public var iceConnectionState: ICEConnectionState {
    get async { (try? await session { session, _, _ in session.iceConnectionState }) ?? .closed }
  }

  /// Path and keys taken together.
  public var connectionState: PeerConnectionState {
    get async { (try? await session { session, _, _ in session.connectionState }) ?? .closed }
  }

  /// Waits until media and data can flow. Throws where the connection fails or is closed before.
  public func connected() async throws(RTCError) {
    while true {
      try await handle.hub.wait(for: .connected, of: handle.key)
      switch await connectionState {
      case .connected: return
      case .closed: throw .closed
      // It has changed again meanwhile.
      case .new, .connecting, .disconnected: continue
      case .failed:
        throw .invalidState("no path, or nobody with the right certificate at its end, was found")
      }
    }
  }

  /// Waits until all candidates are in `localDescription`, for signalling that cannot carry them later, and
  /// returns it.
  public func gatheredLocalDescription() async throws(RTCError) -> SessionDescriptionText {
    try await handle.hub.wait(for: .gathered, of: handle.key)
    guard let description = await localDescription else {
      throw .invalidState("no local description has been set")
    }
    return description
  }

  func session<R: Sendable>(
    _ body: @Sendable (PeerSession, Instant, Outbox) throws(SessionError) -> R
  ) async throws(RTCError) -> R {
    try await handle.session(body)
  }
}
