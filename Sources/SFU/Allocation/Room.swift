import Wire

/// Peers that see and hear each other.
final class Room {
  let id: RoomID
  var members: [Member] = []
  var speakers = SpeakerDetector()
  /// When the quality of its members is judged next, and whether it is told then.
  var nextJudgement: Instant?
  var tellsNextJudgement = false
  private(set) var ranking = RoomRanking()
  /// Which sources were first when slots were given their content last, by the numbers of slots a viewer may have.
  private var heads: [SlotCount: RoomRanking.Head] = [:]

  init(id: RoomID) { self.id = id }

  /// Gives every viewer's slots their content anew, after somebody came, went, or sends something else.
  func assign(at now: Instant, events: inout [ForwarderEvent]) {
    ranking = RoomRanking(members)
    heads.removeAll(keepingCapacity: true)
    for viewer in members { assign(viewer, at: now, events: &events) }
  }

  /// Gives slots their content anew after somebody spoke or fell silent: to those viewers alone for whom other sources are first.
  func reassign(at now: Instant, events: inout [ForwarderEvent]) {
    ranking = RoomRanking(members)
    var isChanged: [SlotCount: Bool] = [:]
    for viewer in members {
      // Whose screen is unknown sees whoever has the turn in more detail.
      if viewer.tiles == nil { viewer.allocation.isDue = true }
      let count = viewer.slotCount
      if isChanged[count] == nil {
        let head = ranking.head(count)
        isChanged[count] = heads.updateValue(head, forKey: count) != head
      }
      if isChanged[count] == true { assign(viewer, at: now, events: &events) }
    }
  }

  /// Gives one viewer's slots their content anew.
  func assign(_ viewer: Member, at now: Instant, events: inout [ForwarderEvent]) {
    guard !viewer.slots.isEmpty || !viewer.told.isEmpty else { return }
    let wanted =
      ranking.first(viewer.slotCount.sounds, .audio, for: viewer.id) + pictures(for: viewer)
    if wanted.count != viewer.shownCount || !wanted.allSatisfy({ $0.isShown(to: viewer) }) {
      place(wanted, on: viewer)
      viewer.allocation.isDue = true
    }
    if viewer.allocation.isDue {
      allocate(viewer, at: now, events: &events)
    } else {
      tell(viewer, &events)
    }
  }

  private func place(_ wanted: [Source], on viewer: Member) {
    let shown = SlotAssignment.assign(
      wanted.map(\.id), to: viewer.slots.map { ($0.kind, $0.source?.id) })
    for (slot, id) in zip(viewer.slots, shown) where slot.source?.id != id { slot.show(nil) }
    for (slot, id) in zip(viewer.slots, shown) { slot.show(id.flatMap { ranking.sources[$0] }) }
  }

  /// What the screen shows comes first, then what is first in the room.
  private func pictures(for viewer: Member) -> [Source] {
    let count = viewer.slotCount.pictures
    guard let tiles = viewer.tiles else { return ranking.first(count, .video, for: viewer.id) }
    guard !tiles.isEmpty else { return [] }
    // In a room that fits nothing moves, whatever is looked at.
    let ranked = ranking.first(count, .video, for: viewer.id)
    if ranked.count < count || ranking.pictures.count <= count { return ranked }
    var chosen: [Source] = []
    for tile in tiles {
      guard chosen.count < count else { return chosen }
      guard tile.source.peer != viewer.id, let source = ranking.sources[tile.source],
        source.id.role.kind == .video, source.isLive || source.id.role == .camera,
        !chosen.contains(where: { $0 === source })
      else { continue }
      chosen.append(source)
    }
    for source in ranked where chosen.count < count && !chosen.contains(where: { $0 === source }) {
      chosen.append(source)
    }
    return chosen
  }
}

/// In how many slots a viewer hears and sees.
struct SlotCount: Hashable {
  var sounds = 0
  var pictures = 0
}
