/// The sources of a room in the order in which they are wanted where not all can be had. All viewers share it; each
/// leaves out what is its own.
struct RoomRanking {
  /// Sounds: those that are live first, a shared one before voices, then as ``SpeakerDetector`` has them.
  private(set) var sounds: [Source] = []
  /// Pictures: screens, then what is live, then whose turn was last, then who came first.
  private(set) var pictures: [Source] = []
  /// By arrival, for rooms where all can be had.
  private(set) var soundsByArrival: [Source] = []
  private(set) var picturesByArrival: [Source] = []
  private(set) var sources: [SourceID: Source] = [:]
  /// When each peer's turn to speak was last, counted through; 0 for never.
  private(set) var turns: [PeerID: Int] = [:]

  init() {}

  init(_ members: [Member]) {
    for member in members {
      turns[member.id] = member.lastTurn
      for source in member.sources {
        sources[source.id] = source
        // Muted microphones and cameras keep their place, so that they are back at once.
        guard source.isLive || source.id.role == .microphone || source.id.role == .camera
        else { continue }
        if source.id.role.kind == .audio {
          soundsByArrival.append(source)
        } else {
          picturesByArrival.append(source)
        }
      }
    }
    sounds = Self.sorted(soundsByArrival) { left, right in
      if left.isLive != right.isLive { return left.isLive }
      guard let voice = left.voice, let other = right.voice else {
        return left.voice == nil && right.voice != nil
      }
      return SpeakerDetector.isHeard(voice, before: other)
    }
    let turns = turns
    pictures = Self.sorted(picturesByArrival) { left, right in
      if left.id.role != right.id.role { return left.id.role == .screen }
      if left.isLive != right.isLive { return left.isLive }
      return turns[left.id.peer, default: 0] > turns[right.id.peer, default: 0]
    }
  }

  /// The first `count` sounds or pictures for one who is `viewer` itself, in order of arrival where that is all.
  func first(_ count: Int, _ kind: MediaKind, for viewer: PeerID) -> [Source] {
    let ranked = kind == .audio ? sounds : pictures
    let byArrival = kind == .audio ? soundsByArrival : picturesByArrival
    var own = 0
    // Nobody has more than two of a kind, so nothing else needs to be looked at.
    if ranked.count <= count + 2 {
      own = ranked.count { $0.id.peer == viewer }
      if ranked.count - own <= count { return byArrival.filter { $0.id.peer != viewer } }
    }
    var chosen: [Source] = []
    chosen.reserveCapacity(count)
    for source in ranked where source.id.peer != viewer {
      guard chosen.count < count else { break }
      chosen.append(source)
    }
    return chosen
  }

  /// What decides who is shown to viewers with so many slots: the sources that fit, in whatever order, and those that come in
  /// for a viewer's own. Nobody has more than two of a kind.
  struct Head: Equatable {
    var fitting: Set<SourceID>
    var next: [SourceID]
  }

  /// The head for viewers with `count` slots.
  func head(_ count: SlotCount) -> Head {
    Head(
      fitting: Set(
        sounds.prefix(count.sounds).map(\.id) + pictures.prefix(count.pictures).map(\.id)),
      next: sounds.dropFirst(count.sounds).prefix(2).map(\.id)
        + pictures.dropFirst(count.pictures).prefix(2).map(\.id))
  }

  /// `sources` in an order that keeps equals as they are.
  private static func sorted(
    _ sources: [Source], _ precedes: (Source, Source) -> Bool
  ) -> [Source] {
    sources.indices.sorted { left, right in
      if precedes(sources[left], sources[right]) { return true }
      if precedes(sources[right], sources[left]) { return false }
      return left < right
    }.map { sources[$0] }
  }
}
