import Wire

/// Whether somebody else keeps the queue full whatever this sender does: file transfers, as a rule. Who heeds the delay
/// then is left with next to nothing, so losses alone tell when it is too much.
struct SharedQueue: Sendable {
  /// A path does not become longer again and again; a queue does.
  private static let memory = Duration.seconds(30)
  /// Where packets hardly wait for so long, nobody else is there any more.
  private static let calmTime = Duration.seconds(2)
  private static let calmWait = Duration.milliseconds(25)
  /// After it was seen that the queue is this sender's own.
  private static let rest = Duration.seconds(10)

  private(set) var isShared = false
  private var lastLonger: Instant?
  private var refutations = 0
  private var calmSince: Instant?
  private var notBefore = Instant.zero
  private var lastYield: Instant?

  /// Takes how long packets wait.
  mutating func update(wait: Duration, at now: Instant) {
    calmSince = wait < Self.calmWait ? calmSince ?? now : nil
    if let calmSince, now - calmSince > Self.calmTime { isShared = false }
  }

  /// Takes what a trial has shown, and whether packets have waited for long; gives whether the path takes longer.
  mutating func judge(_ verdict: DelayTrial.Verdict, isStanding: Bool, at now: Instant) -> Bool {
    guard verdict == .isPath else {
      // Once may be chance: others give way too, now and then.
      refutations += 1
      guard refutations > 1 else { return false }
      leave(at: now)
      return false
    }
    refutations = 0
    guard !isShared else { return false }
    if isStanding, now >= notBefore, let lastLonger, now - lastLonger < Self.memory {
      isShared = true
      return false
    }
    lastLonger = now
    return true
  }

  private mutating func leave(at now: Instant) {
    refutations = 0
    isShared = false
    notBefore = now + Self.rest
  }

  /// Whether to give way to a loss: once in a round trip.
  mutating func yields(_ roundTrip: Duration, at now: Instant) -> Bool {
    guard isShared else { return false }
    if let lastYield, now - lastYield < roundTrip { return false }
    lastYield = now
    return true
  }

  /// Forgets everything, as after a change of the path.
  mutating func reset() { self = Self() }
}
