import Signaling

extension MediaSource {
  init(_ source: StreamSource) {
    switch source {
    case .microphone: self = .microphone
    case .camera: self = .camera
    case .screen: self = .screen
    case .screenAudio: self = .screenAudio
    }
  }
}

extension StreamSource {
  init(_ source: MediaSource) {
    switch source {
    case .microphone: self = .microphone
    case .camera: self = .camera
    case .screen: self = .screen
    case .screenAudio: self = .screenAudio
    }
  }
}

extension MediaPathState {
  init(_ state: MediaEvent.State) {
    switch state {
    case .connecting: self = .connecting
    case .connected: self = .connected
    case .failed: self = .failed
    }
  }
}

extension MediaOffer {
  init(sdp: String, sources: [SourceAssignment]?) {
    self.init(
      sdp: sdp,
      sources: (sources ?? []).map { SourceBinding(mid: $0.mid, source: MediaSource($0.source)) })
  }
}

extension SignalingFailure {
  init(_ error: MediaError, inReplyTo type: String) {
    switch error {
    case .badOffer(let reason): self.init(.badSDP, reason, inReplyTo: type)
    case .noSuchPeer:
      self.init(.internal, "the media connection is gone: join anew", inReplyTo: type)
    }
  }
}
