import RTP
import Wire

extension Room {
  /// From this priority on a tile was chosen by its viewer.
  static let pinnedPriority = 30
  /// From this one on it shows who speaks.
  static let speakerPriority = 10

  /// Divides what a viewer's path carries among what it shows, and tells it what is held back.
  func allocate(_ viewer: Member, at now: Instant, events: inout [ForwarderEvent]) {
    viewer.voices.look(viewer.link.targetBitrate)
    viewer.hush(at: now)
    for slot in viewer.slots where slot.plan.kind == .audio { slot.lookForDelay(at: now) }
    let shown = pictures(of: viewer)
    let demands = shown.map { picture in
      let options = picture.source.offers(at: now)
      return SlotDemand(
        priority: picture.key.priority, height: picture.key.height, options: options,
        keyFrameBits: max((options.first?.bitrate ?? 0) / 5 * 2, 30_000),
        granted: picture.slot.wanted)
    }
    let isFresh = viewer.allocation.show(shown.map(\.key))
    let allocation = viewer.allocation.steady.allocate(
      demands, viewer.budget(at: now), isFresh: isFresh, at: now)
    for (picture, target) in zip(shown, allocation.targets) {
      give(target, to: picture.slot, of: picture.source, at: now, events: &events)
      if target?.keyFramesOnly == true {
        picture.slot.wantSnapshot(every: allocation.snapshotInterval, at: now)
      }
    }
    let desired = min(allocation.desired, viewer.mostDesired)
    if let desired = viewer.allocation.desire(desired) {
      viewer.link.setDesired(bitrate: desired, at: now)
    }
    let hasSnapshots = allocation.targets.contains { $0?.keyFramesOnly == true }
    viewer.allocation.isDue = false
    viewer.allocation.nextAt =
      now + (hasSnapshots ? ViewerAllocation.snapshotInterval : ViewerAllocation.interval)
    tell(viewer, &events)
  }

  /// Says which slot shows what, where that changed.
  func tell(_ viewer: Member, _ events: inout [ForwarderEvent]) {
    let content = viewer.content
    guard viewer.told != content else { return }
    viewer.told = content
    events.append(.slotsChanged(viewer.id, content))
  }

  private struct Picture {
    var slot: Slot
    var source: Source
    var key: ViewerAllocation.Shown
    /// Among those that matter alike.
    var rank: Int
  }

  /// What a viewer sees, most wanted first. What is in a slot and not on the screen is not sent.
  private func pictures(of viewer: Member) -> [Picture] {
    var pictures: [Picture] = []
    for slot in viewer.slots where slot.kind == .video {
      guard let source = slot.source, source.isLive, let tile = tile(of: source, for: viewer)
      else {
        slot.state = .live
        slot.height = 0
        if slot.wanted != nil || slot.current != nil { slot.want(nil, at: .zero) }
        continue
      }
      slot.height = tile.height
      let key = ViewerAllocation.Shown(
        source: source.id, priority: tile.priority, height: tile.height)
      pictures.append(Picture(slot: slot, source: source, key: key, rank: tile.rank))
    }
    return pictures.enumerated().sorted {
      ($0.element.rank, $0.offset) < ($1.element.rank, $1.offset)
    }.map(\.element)
  }

  private func tile(
    of source: Source, for viewer: Member
  ) -> (priority: PictureClass, height: Int, rank: Int)? {
    let isScreen = source.id.role == .screen
    guard let tiles = viewer.tiles else {
      let isSpeaker = speakers.dominant == source.id.peer
      let height = isScreen ? 4320 : members.count <= 3 ? 720 : Slot.defaultHeight
      return (
        isScreen ? .screen : isSpeaker ? .speaker : .other, height,
        -ranking.turns[source.id.peer, default: 0]
      )
    }
    guard let rank = viewer.tilePlaces[source.id], tiles.indices.contains(rank) else { return nil }
    let tile = tiles[rank]
    let priority: PictureClass =
      isScreen
      ? .screen
      : tile.priority >= Self.pinnedPriority
        ? .pinned : tile.priority >= Self.speakerPriority ? .speaker : .other
    return (priority, tile.height, rank)
  }

  private func give(
    _ target: LayerTarget?, to slot: Slot, of source: Source, at now: Instant,
    events: inout [ForwarderEvent]
  ) {
    slot.state = target.map { $0.keyFramesOnly ? .snapshot : .live } ?? .paused
    slot.want(target, at: now)
    guard let target, !slot.viewer.isAbsent(at: now),
      source.demand.need(source.place(target), at: now)
    else { return }
    events.append(.layersWanted(source.id, source.demand.wanted))
  }
}

extension Member {
  /// bit/s for sound and pictures: what the path carries without what will be repeated and what repairs.
  var bitrateForMedia: Int {
    let target = link.targetBitrate
    guard target < ViewerLink.unlimited else { return .max }
    let loss = min(max(link.ownLossRate, 0), 0.3)
    let media = target - target / 1000 * Int(loss * 1000)
    return Int(Double(media) / (1 + protection.repairShare))
  }

  /// Whether something it is to see begins with a key frame that was not asked for yet, or has not come.
  var waitsForKeyFrame: Bool {
    slots.contains { ($0.target ?? $0.current)?.keyFrames.isWanted == true }
  }

  /// What its path carries, and what of that is sound's.
  fileprivate func budget(at now: Instant) -> SteadyAllocation.Budget {
    SteadyAllocation.Budget(
      total: bitrateForMedia, sound: soundBitrate(at: now),
      isQueued: link.queueDelay > .milliseconds(60) && !link.isTrying)
  }

  private func soundBitrate(at now: Instant) -> Int {
    var octets: UInt32 = 0
    var packets: UInt32 = 0
    for slot in slots where slot.kind == .audio {
      octets &+= slot.octetCount
      packets &+= slot.packetCount
    }
    return allocation.sound.bitrate(octets: octets, packets: packets, at: now)
  }
}

extension Slot {
  /// Has a new picture come where the last one is old enough. A key frame that somebody else asked for is as good.
  fileprivate func wantSnapshot(every interval: Duration, at now: Instant) {
    layers.snapshotInterval = interval
    guard viewer.isConnected, let stream = current ?? target else { return }
    guard let last = stream.lastKeyFrameAt, now - last < interval else {
      stream.wantKeyFrame()
      return
    }
  }
}
