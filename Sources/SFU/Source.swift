import Wire

/// What a peer publishes: one voice, camera or screen, with all its layers.
final class Source {
  let id: SourceID
  var track: PublishedTrack {
    didSet {
      if track.bitrateLimit != oldValue.bitrateLimit { limit = Self.limit(track) }
    }
  }
  var streams: [IncomingStream] = []
  /// The slots that show it.
  var slots: [Slot] = []
  var isLive: Bool
  /// The answer of `layers(at:)` before, and when it was given.
  var knownLayers: (options: [LayerOption], at: Instant)?
  /// What its viewers want of it together.
  var demand: LayerDemand
  /// The answer of `offers(at:)` before, and when it was given.
  var knownOffers: (options: [LayerOption], at: Instant)?
  /// What it did of late, if it is a microphone.
  let voice: Voice?
  /// That of the peer that sends it.
  let wakeup: Wakeup
  /// When a key frame was asked for last, of whichever layer.
  var lastKeyFrameRequest: Instant?
  /// How much of what comes is taken.
  var limit: IncomingLimit
  /// How often each viewer may still have a key frame asked for by what it looks at.
  var budgets: [PeerID: KeyFrameBudget] = [:]
  /// How long its picture stands still.
  var gaps = FrameGaps()
  /// Whether some of it is missing that its sender sent: whoever watches has no part in that.
  var isTroubled = false
  /// Whether a larger layer was wanted than was sent when its quality was judged last, and how much of that came.
  var lacksLayers = false
  var sentShare = 1.0

  init(id: SourceID, track: PublishedTrack, wakeup: Wakeup = Wakeup()) {
    self.wakeup = wakeup
    self.id = id
    self.track = track
    isLive = track.isLive
    limit = Self.limit(track)
    demand = LayerDemand(count: track.rids.count)
    voice = id.role == .microphone ? Voice(peer: id.peer) : nil
  }

  private static func limit(_ track: PublishedTrack) -> IncomingLimit {
    let usual =
      track.role.kind == .audio ? IncomingLimit.soundBitrate : IncomingLimit.pictureBitrate
    return IncomingLimit(bitrate: track.bitrateLimit ?? usual)
  }

  var layerCount: Int { max(track.rids.count, 1) }

  /// Whether another key frame may be asked for because of what a viewer looks at.
  func mayAsk(for viewer: PeerID, at now: Instant) -> Bool {
    budgets[viewer, default: KeyFrameBudget(burst: 8)].take(at: now)
  }

  /// Whether one of the viewer's slots shows it.
  func isShown(to viewer: Member) -> Bool { viewer.slots.contains { $0.source === self } }
}
