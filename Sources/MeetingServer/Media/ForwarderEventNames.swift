import SFU
import Wire

extension MediaEvent {
  /// What the forwarder told, in the meeting's terms. `rids` are the simulcast layers of the source it is about,
  /// smallest picture first.
  init(_ event: ForwarderEvent, rids: (SourceID) -> [String]) {
    switch event {
    case .connected(let peer): self = .stateChanged(MediaPeerID(peer), .connected)
    case .interrupted(let peer): self = .stateChanged(MediaPeerID(peer), .connecting)
    case .failed(let peer): self = .stateChanged(MediaPeerID(peer), .failed)
    case .slotsChanged(let peer, let slots):
      self = .slotsChanged(MediaPeerID(peer), slots.map(MediaSlot.init))
    case .speakersChanged(let room, let speakers):
      self = .speakersChanged(
        MediaRoomID(room), speakers.map { .init(peer: MediaPeerID($0.peer), level: $0.level) })
    case .layersWanted(let source, let wanted):
      let layers = zip(rids(source), wanted).map {
        MediaLayerDemand.Layer(rid: $0, isWanted: $1)
      }
      self = .layersWanted(
        MediaPeerID(source.peer),
        MediaLayerDemand(
          source: MediaSource(source.role), isActive: wanted.contains(true), layers: layers))
    case .qualityChanged(let room, let peers):
      self = .qualityChanged(
        MediaRoomID(room),
        peers.map {
          MediaQuality(
            peer: MediaPeerID($0.peer), up: MediaLinkQuality($0.up),
            down: MediaLinkQuality($0.down))
        })
    }
  }
}

extension MediaSlot {
  fileprivate init(_ content: ForwarderEvent.SlotContent) {
    self.init(
      mid: content.mid, peer: MediaPeerID(content.source.peer),
      source: MediaSource(content.source.role), state: State(content.state),
      delay: Int(clamping: content.delay.milliseconds))
  }
}

extension MediaSlot.State {
  fileprivate init(_ state: SlotState) {
    switch state {
    case .live: self = .live
    case .snapshot: self = .snapshot
    case .paused: self = .paused
    }
  }
}

extension MediaLinkQuality {
  fileprivate init(_ quality: LinkQuality) {
    self.init(score: Int(quality.score), reason: Reason(quality.reason))
  }
}

extension MediaLinkFigures {
  init(_ figures: LinkFigures) {
    self.init(
      loss: figures.loss, roundTrip: figures.roundTripMilliseconds, bitrate: figures.bitrate,
      target: figures.target)
  }
}

extension MediaLayer {
  init(_ layer: ForwardedLayer) {
    self.init(
      mid: layer.mid, rid: layer.rid, size: layer.spatial + 1, sizes: layer.spatialCount,
      rate: layer.temporal + 1, rates: layer.temporalCount)
  }
}

extension MediaLinkQuality.Reason {
  fileprivate init(_ reason: LinkQuality.Reason) {
    switch reason {
    case .none: self = .none
    case .loss: self = .loss
    case .delay: self = .delay
    case .bandwidth: self = .bandwidth
    case .freeze: self = .freeze
    case .lost: self = .lost
    }
  }
}

extension PeerID {
  init(_ peer: MediaPeerID) { self.init(rawValue: peer.rawValue) }
}

extension RoomID {
  init(_ room: MediaRoomID) { self.init(rawValue: room.rawValue) }
}

extension MediaPeerID {
  init(_ peer: PeerID) { self.init(rawValue: peer.rawValue) }
}

extension MediaRoomID {
  fileprivate init(_ room: RoomID) { self.init(rawValue: room.rawValue) }
}
