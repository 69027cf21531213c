import Wire

/// Peers that see and hear each other.
final class Room {
  let id: RoomID
  var members: [Member] = []
  var speakers = SpeakerDetector()

  init(id: RoomID) { self.id = id }

  /// Gives every viewer's slots their content anew. Members whose mapping changed get an event.
  func assign(at now: Instant, events: inout [ForwarderEvent]) {
    for viewer in members { assign(viewer, at: now, events: &events) }
  }

  /// Gives one viewer's slots their content anew.
  func assign(_ viewer: Member, at now: Instant, events: inout [ForwarderEvent]) {
    guard !viewer.slots.isEmpty || !viewer.told.isEmpty else { return }
    let shown = SlotAssignment.assign(
      ranked(for: viewer), to: viewer.slots.map { ($0.plan.kind, $0.source?.id) })
    for (slot, id) in zip(viewer.slots, shown) where slot.source?.id != id { slot.show(nil) }
    for (slot, id) in zip(viewer.slots, shown) {
      slot.show(id.flatMap(source))
      slot.height = height(of: id, for: viewer)
      slot.retarget(at: now)
    }
    let content = viewer.content
    guard viewer.told != content else { return }
    viewer.told = content
    events.append(.slotsChanged(viewer.id, content))
  }

  private func source(_ id: SourceID) -> Source? {
    members.first { $0.id == id.peer }?.source(id.role)
  }

  /// The sources a viewer may have, most wanted first: what its screen shows, then screens, then what is
  /// live, then those that spoke last, then by arrival.
  private func ranked(for viewer: Member) -> [SourceID] {
    let showsNothing = viewer.tiles?.isEmpty == true
    let candidates = members.filter { $0 !== viewer }.flatMap(\.sources).filter { source in
      if source.id.role.kind == .video, showsNothing { return false }
      return source.isLive || source.id.role == .microphone || source.id.role == .camera
    }
    var tileRank: [SourceID: Int] = [:]
    for (place, tile) in (viewer.tiles ?? []).enumerated() {
      tileRank[tile.source] = tile.priority * 1000 - place
    }
    let keys = candidates.enumerated().map { place, source in
      RankKey(
        tile: tileRank[source.id] ?? .min, isScreen: source.id.role == .screen,
        isLive: source.isLive, spoke: speakers.rank(of: source.id.peer), arrival: place)
    }
    let crowded = isCrowded(candidates, viewer)
    return candidates.indices.sorted { left, right in
      keys[left].precedes(keys[right], crowded: crowded)
    }.map { candidates[$0].id }
  }

  /// Whether there are more sources of some kind than the viewer has slots.
  private func isCrowded(_ candidates: [Source], _ viewer: Member) -> Bool {
    [MediaKind.audio, .video].contains { kind in
      candidates.count { $0.id.role.kind == kind } > viewer.slots.count { $0.plan.kind == kind }
    }
  }

  private func height(of id: SourceID?, for viewer: Member) -> Int {
    guard let id else { return Slot.defaultHeight }
    if let tile = viewer.tiles?.first(where: { $0.source == id }) { return max(tile.height, 1) }
    if id.role == .screen { return 4320 }
    return members.count <= 3 ? 720 : Slot.defaultHeight
  }
}

/// What decides between two sources where not all can be shown.
private struct RankKey {
  var tile: Int
  var isScreen: Bool
  var isLive: Bool
  var spoke: Int64
  var arrival: Int

  func precedes(_ other: RankKey, crowded: Bool) -> Bool {
    guard crowded else { return arrival < other.arrival }
    if tile != other.tile { return tile > other.tile }
    if isScreen != other.isScreen { return isScreen }
    if isLive != other.isLive { return isLive }
    if spoke != other.spoke { return spoke > other.spoke }
    return arrival < other.arrival
  }
}
