import SFU
import Wire

/// What one viewer got of everybody.
struct ViewerAccount {
  /// Sound of one sender.
  struct Voice {
    /// What became of a spoken frame.
    enum Fate: UInt8 {
      case missing
      case late
      case heard
    }

    private(set) var heard = 0
    private(set) var late = 0
    private var fates: [Fate] = []

    mutating func note(_ fate: Fate, of number: UInt32) {
      guard let place = Int(exactly: number), place > 0, place < 1 << 24 else { return }
      if fates.count <= place {
        fates += repeatElement(.missing, count: place + 1 - fates.count)
      }
      fates[place] = fate
      if fate == .heard { heard += 1 } else { late += 1 }
    }

    /// The fate of a sender's frame with that number, the first being 1.
    func fate(of number: Int) -> Fate { number < fates.count ? fates[number] : .missing }
  }

  /// A picture of one sender.
  struct Sight {
    var meter = FreezeMeter()
    /// Watched in each slot state, in seconds; the meter has the live ones.
    var snapshot = Duration.zero
    var paused = Duration.zero
    var framesByHeight: [Int: Int] = [:]
    var framesByTemporalLayer = [0, 0, 0, 0]
    var keyFrameCount = 0
  }

  /// What a slot shows at the moment, as the server said.
  struct Showing: Equatable {
    var source: SourceID
    var state: SlotState
  }

  var isMeasuring = false
  private(set) var voices: [UInt16: Voice] = [:]
  private(set) var sights: [SourceID: Sight] = [:]
  private(set) var firstPictures: [Duration] = []
  private(set) var voiceDelay = Duration.zero
  private(set) var voiceDelayCount = 0
  private(set) var repairedVoiceCount = 0
  /// When each page of slides was seen first, by the number of its frame.
  private(set) var slideFrames: [UInt32: Instant] = [:]
  private var showing: [SourceID: (state: SlotState, since: Instant)] = [:]

  mutating func noteVoice(
    _ mark: SourceMark, isInTime: Bool, isRepaired: Bool, delay: Duration
  ) {
    guard mark.isMeasured else { return }
    voiceDelay = voiceDelay + delay
    voiceDelayCount += 1
    if isRepaired { repairedVoiceCount += 1 }
    voices[mark.sender, default: Voice()].note(isInTime ? .heard : .late, of: mark.number)
  }

  mutating func notePicture(
    _ picture: PictureAssembly.Picture, of source: SourceID?, at now: Instant
  ) {
    guard isMeasuring, let source, source.place == picture.mark.sender else { return }
    var sight = sights[source] ?? Sight()
    sights[source] = nil
    if showing[source]?.state == .live { sight.meter.show(at: now) }
    sight.framesByHeight[picture.height, default: 0] += 1
    sight.framesByTemporalLayer[Int(min(picture.temporalLayer, 3))] += 1
    if picture.isKeyFrame { sight.keyFrameCount += 1 }
    sights[source] = sight
    if source.role == .screen { slideFrames[picture.mark.number] = now }
  }

  mutating func noteFirstPicture(after wait: Duration, of source: SourceID) {
    if isMeasuring { firstPictures.append(wait) }
  }

  /// What the slots show from now on.
  mutating func show(_ content: [Showing], at now: Instant) {
    for (source, before) in showing
    where !content.contains(where: { $0.source == source && $0.state == before.state }) {
      close(source, at: now)
    }
    for entry in content where showing[entry.source] == nil {
      showing[entry.source] = (entry.state, now)
      if isMeasuring, entry.state == .live {
        sights[entry.source, default: Sight()].meter.start(at: now)
      }
    }
  }

  /// The figures begin to count.
  mutating func begin(at now: Instant) {
    isMeasuring = true
    for (source, entry) in showing {
      showing[source] = (entry.state, now)
      if entry.state == .live { sights[source, default: Sight()].meter.start(at: now) }
    }
  }

  /// The figures are final.
  mutating func end(at now: Instant) {
    for source in showing.keys.sorted(by: { $0.peer.rawValue < $1.peer.rawValue }) {
      close(source, at: now)
    }
    isMeasuring = false
  }

  private mutating func close(_ source: SourceID, at now: Instant) {
    guard let entry = showing.removeValue(forKey: source), isMeasuring else { return }
    switch entry.state {
    case .live: sights[source]?.meter.stop(at: now)
    case .snapshot:
      sights[source, default: Sight()].snapshot =
        sights[source, default: Sight()].snapshot + (now - entry.since)
    case .paused:
      sights[source, default: Sight()].paused =
        sights[source, default: Sight()].paused + (now - entry.since)
    }
  }
}
