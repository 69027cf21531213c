import Wire

/// What is remembered of a peer, to judge once a second how well it sends and receives.
struct QualityWatch {
  /// How much of what was seen counts on in the next second.
  private static let memory = 2.0 / 3
  private static let stillnessMemory = 3.0 / 4

  /// When it was connected first: before, there is nothing to judge.
  var connectedAt: Instant?
  /// When its path was last found silent; what comes later shows that it is not.
  var interruptedAt: Instant?
  var up = QualityMeter()
  var down = QualityMeter()
  /// What the owner was told last.
  var told: PeerQuality?
  /// The latest evidence, for those who ask for figures.
  private(set) var upEvidence = LinkEvidence()
  private(set) var downEvidence = LinkEvidence()
  /// What came and what was sent in the last second, in bit/s.
  private(set) var rates = (received: 0, sent: 0)
  private var bytesBefore: (received: UInt64, sent: UInt64) = (0, 0)
  /// The round trip without any queue, as far as one was seen.
  private var shortestRoundTrip: Duration?

  /// Takes what was seen in the last second.
  mutating func take(up seenUp: LinkEvidence, down seenDown: LinkEvidence) {
    upEvidence.follow(seenUp, memory: Self.memory, stillnessMemory: Self.stillnessMemory)
    downEvidence.follow(seenDown, memory: Self.memory, stillnessMemory: Self.stillnessMemory)
    up.take(QualityScale.judge(upEvidence))
    down.take(QualityScale.judge(downEvidence))
  }

  /// Takes how many bytes came and were sent so far.
  mutating func note(received: UInt64, sent: UInt64, in interval: Duration) {
    func rate(_ count: UInt64) -> Int {
      Int(clamping: Int64(clamping: count) &* 8_000 / max(interval.milliseconds, 1))
    }
    rates = (rate(received &- bytesBefore.received), rate(sent &- bytesBefore.sent))
    bytesBefore = (received, sent)
  }

  /// The round trip as each direction has a part in it. A queue towards the peer, which is known, is no fault of
  /// the other way; what else goes beyond the shortest round trip is that of the way from the peer.
  mutating func divide(
    roundTrip: Duration, queueDelay: Duration, isQueueKnown: Bool
  ) -> (up: Duration, down: Duration) {
    let shortest =
      shortestRoundTrip.map { min(roundTrip, $0 + (roundTrip - $0) / 128) } ?? roundTrip
    shortestRoundTrip = shortest
    guard isQueueKnown else { return (roundTrip, roundTrip) }
    return (max(roundTrip - queueDelay, shortest), shortest)
  }
}

extension LinkEvidence {
  /// Moves towards what was seen.
  fileprivate mutating func follow(
    _ seen: LinkEvidence, memory: Double, stillnessMemory: Double
  ) {
    let missing = missingSound ?? seen.missingSound ?? 0
    isLost = seen.isLost
    loss = seen.loss + (loss - seen.loss) * memory
    missingSound = seen.missingSound.map { $0 + (missing - $0) * memory }
    roundTrip = seen.roundTrip
    jitter = seen.jitter
    queueDelay = seen.queueDelay
    frozen = seen.frozen + (frozen - seen.frozen) * stillnessMemory
    pictureShare = seen.pictureShare
  }
}
