public import Wire

extension SelectiveForwarder {
  /// How all rooms stand together. One pass over peers and their slots; nothing is measured for it.
  public func statistics(at now: Instant) -> ForwarderStatistics {
    var statistics = ForwarderStatistics()
    statistics.roomCount = rooms.count
    statistics.totals = departed
    statistics.totals.forwardedCount = forwardedCount
    statistics.totals.drops = drops
    statistics.totals.requestedPacketCount = requestedPacketCount
    statistics.totals.requestedKeyFrameCount = requestedKeyFrameCount
    for member in memberList {
      statistics.totals.add(member)
      guard member.isConnected else {
        statistics.unconnectedPeerCount += 1
        continue
      }
      statistics.connectedPeerCount += 1
      statistics.add(member)
    }
    return statistics
  }

  /// The figures behind a peer's quality; nil before it is connected.
  public func figures(of id: PeerID) -> (up: LinkFigures, down: LinkFigures)? {
    guard let member = members[id], member.isConnected else { return nil }
    let quality = member.quality
    let up = LinkFigures(
      loss: quality.upEvidence.loss,
      roundTripMilliseconds: Int(clamping: member.link.roundTrip.milliseconds),
      bitrate: quality.rates.received, target: nil)
    var down = LinkFigures(
      loss: quality.downEvidence.loss, roundTripMilliseconds: up.roundTripMilliseconds,
      bitrate: quality.rates.sent, target: nil)
    if member.link.isLimited { down.target = member.link.targetBitrate }
    return (up, down)
  }
}

extension ForwarderTotals {
  /// Adds what one peer sent and was sent.
  mutating func add(_ member: Member) {
    received += member.received
    sent += member.link.counters
  }
}

extension ForwarderStatistics {
  fileprivate mutating func add(_ member: Member) {
    for slot in member.slots where slot.kind == .video && slot.source?.isLive == true {
      switch slot.state {
      case .paused: pausedSlotCount += 1
      case .snapshot: snapshotSlotCount += 1
      case .live: liveSlotCount += 1
      }
    }
    for source in member.sources where source.id.role.kind == .video && source.isLive {
      unwantedLayerCount += source.demand.wanted.count { !$0 }
    }
    let quality = member.quality
    guard let up = quality.up.shown, let down = quality.down.shown else { return }
    if member.link.isLimited { targets.add(Double(member.link.targetBitrate) / 8) }
    roundTrips.add(member.link.roundTrip.seconds)
    lossUp.add(quality.upEvidence.loss)
    lossDown.add(quality.downEvidence.loss)
    jitter.add(quality.upEvidence.jitter.seconds)
    scoresUp.add(Double(up.score))
    scoresDown.add(Double(down.score))
  }
}
