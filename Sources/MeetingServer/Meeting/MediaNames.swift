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

extension SlotState {
  init?(_ state: MediaSlot.State) {
    switch state {
    case .live: return nil
    case .snapshot: self = .snapshot
    case .paused: self = .paused
    }
  }
}

extension MediaVideoCodec {
  fileprivate init(_ codec: VideoCodecName) {
    switch codec {
    case .vp8: self = .vp8
    case .h264: self = .h264
    case .vp9: self = .vp9
    case .av1: self = .av1
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
  init(sdp: String, sources: [SourceAssignment]?, from participant: Participant?, host: String?) {
    self.init(
      sdp: sdp,
      sources: (sources ?? []).map { SourceBinding(mid: $0.mid, source: MediaSource($0.source)) },
      upBitrate: participant?.bandwidth?.up, downBitrate: participant?.bandwidth?.down,
      codec: participant?.codec.map(MediaVideoCodec.init),
      reached: host.flatMap(ReachedAddress.init(host:)))
  }
}

extension SignalingFailure {
  init(_ error: MediaError, inReplyTo type: String) {
    switch error {
    case .badOffer(let reason): self.init(.badSDP, reason, inReplyTo: type)
    case .noSuchPeer:
      self.init(.internal, "the media connection is gone: join anew", inReplyTo: type)
    case .busy(let reason): self.init(.rateLimited, reason, inReplyTo: type)
    }
  }
}
