/// Which source each receive slot of a viewer shows.
///
/// What is shown keeps its slot. In a room that fits everybody has one, and a voice and its face get slots of the
/// same number, so that a browser plays them in step. Where there are more sources than slots, those
/// that rank first are shown.
enum SlotAssignment {
  /// The new content of every slot, in the order of `slots`, which tell what they show now. `ranked`
  /// are the sources this viewer may have, most wanted first.
  static func assign(
    _ ranked: [SourceID], to slots: [(kind: MediaKind, shows: SourceID?)]
  ) -> [SourceID?] {
    var chosen = wanted(ranked, slots.map(\.kind))
    var content = slots.map { slot -> SourceID? in
      guard let shows = slot.shows, let place = chosen.firstIndex(of: shows) else { return nil }
      chosen.remove(at: place)
      return shows
    }
    let ordinals = ordinals(slots.map(\.kind))
    for source in chosen {
      let partner = SourceID(peer: source.peer, role: source.role.partner)
      let partnerOrdinal = content.firstIndex(of: partner).map { ordinals[$0] }
      let free = content.indices.filter { content[$0] == nil && slots[$0].kind == source.role.kind }
      let beside = free.first { ordinals[$0] == partnerOrdinal }
      let unpaired = free.first { isFree(ordinals[$0], content, ordinals) }
      if let place = beside ?? unpaired ?? free.first { content[place] = source }
    }
    return content
  }

  /// The first sources of each kind, as many as there are slots of it.
  private static func wanted(_ ranked: [SourceID], _ kinds: [MediaKind]) -> [SourceID] {
    var room: [MediaKind: Int] = [:]
    for kind in kinds { room[kind, default: 0] += 1 }
    return ranked.filter { source in
      guard let left = room[source.role.kind], left > 0 else { return false }
      room[source.role.kind] = left - 1
      return true
    }
  }

  /// The number of each slot among those of its kind.
  private static func ordinals(_ kinds: [MediaKind]) -> [Int] {
    var next: [MediaKind: Int] = [:]
    return kinds.map { kind in
      defer { next[kind, default: 0] += 1 }
      return next[kind, default: 0]
    }
  }

  /// Whether no slot of either kind with this number shows anything.
  private static func isFree(_ ordinal: Int, _ content: [SourceID?], _ ordinals: [Int]) -> Bool {
    content.indices.allSatisfy { ordinals[$0] != ordinal || content[$0] == nil }
  }
}
