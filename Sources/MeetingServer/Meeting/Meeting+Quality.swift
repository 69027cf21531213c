import Signaling
import Wire

/// What is said about how well media does, and what is asked of senders for its sake.
///
/// None of it is repeated after a lost socket: by then it is out of date, so the whole of it is told anew.
extension Meeting {
  func layersWanted(_ demand: MediaLayerDemand, of peer: MediaPeerID) {
    guard people[peer]?.layers[demand.source] != demand else { return }
    people[peer]?.layers[demand.source] = demand
    guard let sender = people[peer], sender.isVisible, sender.isMeeting else { return }
    tell(.layers(LayerDemand(demand)), to: peer)
  }

  /// Forgets what was wanted of sources that are no longer sent: whoever sends them again begins anew.
  func forgetLayers(of peer: MediaPeerID, except sources: [SourceAssignment]) {
    for source in StreamSource.allCases where !sources.contains(where: { $0.source == source }) {
      people[peer]?.layers[MediaSource(source)] = nil
    }
  }

  func qualityChanged(_ changed: [MediaQuality], in media: MediaRoomID) {
    guard let id = mediaRooms[media] else { return }
    for quality in changed { people[quality.peer]?.quality = quality }
    let shown = changed.compactMap { people[$0.peer].flatMap(visibleQuality) }
    guard !shown.isEmpty else { return }
    tell(.quality(shown), in: id) { $0.isMeeting }
  }

  /// Tells a participant who has just come, or come back, all that holds.
  func tellMediaConditions(to peer: MediaPeerID) {
    guard let participant = people[peer], let room = rooms[participant.room] else { return }
    for source in StreamSource.allCases {
      guard let demand = participant.layers[MediaSource(source)] else { continue }
      tell(.layers(LayerDemand(demand)), to: peer)
    }
    let known = room.roster.compactMap { people[$0].flatMap(visibleQuality) }
    if !known.isEmpty { tell(.quality(known), to: peer) }
  }

  /// Tells those who asked for them the figures behind their own quality.
  func tellFigures(at now: Instant) async {
    if let nextFigures, now < nextFigures { return }
    nextFigures = now + limits.figuresInterval
    let curious = people.values.filter {
      $0.wantsStatistics && $0.socket != nil && $0.quality != nil
    }.map(\.peer)
    guard !curious.isEmpty else { return }
    for (peer, figures) in await plane.figures(of: curious) {
      guard let participant = people[peer], let quality = participant.quality else { continue }
      let own = ParticipantQuality(
        userId: participant.id, up: LinkQuality(quality.up, figures.up),
        down: LinkQuality(quality.down, figures.down, layers: figures.layers))
      tell(.quality([own]), to: peer)
    }
  }

  private func visibleQuality(of participant: Participant) -> ParticipantQuality? {
    guard participant.isVisible, let quality = participant.quality else { return nil }
    return ParticipantQuality(
      userId: participant.id, up: LinkQuality(quality.up), down: LinkQuality(quality.down))
  }
}

extension LayerDemand {
  fileprivate init(_ demand: MediaLayerDemand) {
    self.init(
      source: StreamSource(demand.source), active: demand.isActive,
      layers: demand.layers.isEmpty
        ? nil
        : Dictionary(
          demand.layers.map { ($0.rid, $0.isWanted) }, uniquingKeysWith: { $0 || $1 }))
  }
}

extension LinkQuality {
  fileprivate init(
    _ quality: MediaLinkQuality, _ figures: MediaLinkFigures? = nil, layers: [MediaLayer] = []
  ) {
    var details = figures.map(Details.init)
    if !layers.isEmpty { details?.layers = layers.map(ReceivedLayer.init) }
    self.init(
      score: min(max(quality.score, 0), 5), reason: QualityReason(quality.reason),
      details: details)
  }
}

extension LinkQuality.Details {
  /// A share is told in thousandths, and only where JSON can say it.
  fileprivate init(_ figures: MediaLinkFigures) {
    let loss = figures.loss.isFinite ? (min(max(figures.loss, 0), 1) * 1000).rounded() / 1000 : nil
    self.init(
      loss: loss, roundTrip: figures.roundTrip, bitrate: figures.bitrate, target: figures.target)
  }
}

extension ReceivedLayer {
  fileprivate init(_ layer: MediaLayer) {
    self.init(
      mid: layer.mid, rid: layer.rid, size: layer.size, sizes: layer.sizes, rate: layer.rate,
      rates: layer.rates)
  }
}

extension QualityReason {
  fileprivate init?(_ reason: MediaLinkQuality.Reason) {
    switch reason {
    case .none: return nil
    case .loss: self = .loss
    case .delay: self = .delay
    case .bandwidth: self = .bandwidth
    case .freeze: self = .freeze
    case .lost: self = .lost
    }
  }
}
