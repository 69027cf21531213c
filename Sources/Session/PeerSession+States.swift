import ICE
import Peer
import Wire

extension PeerSession {
  /// Turns what the other side's machine told into events, and finds the states.
  func settle(at now: Instant, into outbox: Outbox) {
    guard !isClosed else {
      if gatherer?.deadline == nil { gatherer = nil }
      return
    }
    report(&remoteEvents)
    traffic.noteSelection(remote?.selectedPath)
    if let media { events += media.takeEvents().map { .media($0) } }
    updateStates()
  }

  func report(_ told: inout [RemotePeer.Event]) {
    for event in told {
      switch event {
      case .pathValidated(let path): events.append(.pathValidated(path))
      case .pathsClosed(let paths): events.append(.pathsClosed(paths))
      case .connected, .interrupted, .failed: break
      case .dataChannel(let event): events.append(.dataChannel(event))
      }
    }
    told.removeAll(keepingCapacity: true)
  }

  /// W3C WebRTC §4.3.3 and §5.6.4, for one transport.
  private func updateStates() {
    let ice = currentICEState
    if ice != iceConnectionState {
      iceConnectionState = ice
      events.append(.iceConnectionStateChanged(ice))
    }
    let whole = currentState
    if whole != connectionState {
      connectionState = whole
      events.append(.connectionStateChanged(whole))
    }
  }

  private var currentICEState: ICEConnectionState {
    guard let remote else { return .new }
    return switch remote.iceConnectionState {
    case .new: .new
    case .checking: .checking
    case .connected: .connected
    case .completed: .completed
    case .disconnected: .disconnected
    case .failed: .failed
    case .closed: .closed
    }
  }

  private var currentState: PeerConnectionState {
    guard let remote else { return .new }
    switch (iceConnectionState, remote.securityState) {
    case (.failed, _), (_, .failed), (_, .closed): return .failed
    case _ where remote.hasGivenUp: return .failed
    case (.disconnected, _): return .disconnected
    case (.new, .new): return .new
    case (.connected, .connected), (.completed, .connected): return .connected
    // A restart under way uses the old path meanwhile.
    case (.checking, .connected) where remote.selectedPath != nil: return .connected
    case (.new, _), (.checking, _), (.connected, _), (.completed, _), (.closed, _):
      return .connecting
    }
  }
}
