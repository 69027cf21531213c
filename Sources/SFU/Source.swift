import Wire

/// What a peer publishes: one voice, camera or screen, with all its layers.
final class Source {
  let id: SourceID
  var track: PublishedTrack
  var streams: [IncomingStream] = []
  /// The slots that show it.
  var slots: [Slot] = []
  var isLive: Bool

  init(id: SourceID, track: PublishedTrack) {
    self.id = id
    self.track = track
    isLive = track.isLive
  }

  var layerCount: Int { max(track.rids.count, 1) }

  /// The layer to show `height` pixels high: the smallest that is large enough, among those being
  /// sent. A layer that is a little smaller than the tile will do.
  func bestStream(forHeight height: Int, at now: Instant) -> IncomingStream? {
    let candidates = streams.count > 1 ? streams.filter { $0.isActive(at: now) } : streams
    let ascending = candidates.sorted {
      ($0.expectedHeight, $0.layer) < ($1.expectedHeight, $1.layer)
    }
    return ascending.first { $0.expectedHeight * 5 >= height * 4 } ?? ascending.last
  }
}
