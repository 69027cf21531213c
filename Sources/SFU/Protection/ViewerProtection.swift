import Wire

/// How much protection against loss one viewer's way is worth.
struct ViewerProtection {
  /// How often the loss is looked at.
  private static let interval = Duration.milliseconds(200)
  /// Below this many bits per second nothing is added to sound while nothing is lost.
  private static let narrowBitrate = 600_000
  /// The most that repair packets may add to pictures.
  static let largestShare = 0.3
  /// Repair packets that add less come too late to help.
  private static let smallestShare = 0.08
  /// Repeated packets come soon enough up to this round trip.
  private static let shortRoundTrip = Duration.milliseconds(150)
  /// No more than this is missing is worth waiting for.
  private static let negligible = 0.004
  /// Below this many bits per second there is room for little but a voice.
  private static let tightBitrate = 200_000
  /// Where packets queue longer than this, more of them makes it worse.
  private static let longestQueue = Duration.milliseconds(150)

  /// Earlier frames in each packet of sound.
  private var redundancy = ProtectionLevel([
    .init(up: 0.025, down: 0.01), .init(up: 0.08, down: 0.04), .init(up: 0.15, down: 0.1),
  ])
  private var repeats = ProtectionLevel([.init(up: 0.003, down: 0.001)])
  /// Repair packets where repeated ones come late, then everywhere.
  private var repair = ProtectionLevel([
    .init(up: 0.03, down: 0.015), .init(up: 0.08, down: 0.04),
  ])
  private var isNarrow = false
  private var isQueueing = false
  /// When packets last queued on a way so tight that whatever is added brings that back.
  private var tightAt: Instant?
  private var lastLook: Instant?
  /// Whether packets queued of late although hardly more was sent than a voice.
  var isTight: Bool { tightAt != nil }
  /// Whether sound may have to be sent again: not where nothing is lost, which spares a copy of each packet.
  var repeatsSound: Bool { repeats.level > 0 && tightAt == nil }
  /// What repair packets add to the bytes of pictures; 0 where they are not worth it.
  private(set) var repairShare = 0.0

  init() {}

  /// When to look again, if anything was told since.
  var nextLook: Instant { lastLook.map { $0 + Self.interval } ?? .zero }

  /// Takes what is known of the way to the viewer.
  mutating func look(at link: ViewerLink, at now: Instant) {
    look(
      lossRate: link.ownLossRate, roundTrip: link.roundTrip, queueDelay: link.queueDelay,
      targetBitrate: link.targetBitrate, at: now)
  }

  mutating func look(
    lossRate: Double, roundTrip: Duration, queueDelay: Duration, targetBitrate: Int,
    at now: Instant
  ) {
    if let lastLook, now - lastLook < Self.interval { return }
    lastLook = now
    redundancy.note(lossRate, at: now)
    repeats.note(lossRate, at: now)
    repair.note(lossRate, at: now)
    isNarrow = targetBitrate < Self.narrowBitrate
    isQueueing = queueDelay >= Self.longestQueue
    if isQueueing, targetBitrate < Self.tightBitrate { tightAt = now }
    if let tightAt, now - tightAt > ProtectionLevel.patience { self.tightAt = nil }
    let isWorthIt =
      (repair.level == 2 || repair.level == 1 && roundTrip >= Self.shortRoundTrip) && !isQueueing
    repairShare =
      isWorthIt ? min(max(lossRate * 3, Self.smallestShare), Self.largestShare) : 0
  }

  /// How many earlier frames go with each of sound. What a sender protects already stays protected.
  func redundancyDepth(isRedundant: Bool) -> Int {
    // What little is sent bounds the estimate too: with losses only the queue tells whether the way is narrow.
    if isQueueing || tightAt != nil { return 0 }
    return max(redundancy.level, isRedundant && !isNarrow ? 1 : 0)
  }

  /// Whether more than a few frames are lost so that `depth` later packets do not bring them back.
  func leavesLosses(_ lossRate: Double, depth: Int) -> Bool {
    var missing = lossRate
    for _ in 0..<depth { missing *= lossRate }
    return missing >= Self.negligible
  }

  /// Whether what comes late is worth sending twice: another loss of it could not be made good in time.
  var doublesLate: Bool { redundancy.level > 0 && !isQueueing && tightAt == nil }
}
