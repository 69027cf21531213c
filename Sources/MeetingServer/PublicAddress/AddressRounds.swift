import Wire

/// When the world is asked again where this machine is.
struct AddressRounds {
  /// From one round to the next, after one that was answered.
  static let pause = Duration.seconds(300)
  /// The same after one that was not.
  static let pauseAfterSilence = Duration.seconds(60)
  /// However often the machine's addresses change, no sooner than this.
  static let shortestPause = Duration.seconds(10)

  private var own: [IPAddress]
  private var endedAt: Instant
  private var isAnswered: Bool

  /// After a round that ended at `now`, on a machine with these addresses.
  init(own: [IPAddress], isAnswered: Bool, at now: Instant) {
    self.own = own
    self.isAnswered = isAnswered
    endedAt = now
  }

  /// Whether to ask, the machine having these addresses now.
  func isDue(own: [IPAddress], at now: Instant) -> Bool {
    let pause =
      own != self.own ? Self.shortestPause : isAnswered ? Self.pause : Self.pauseAfterSilence
    return now - endedAt >= pause
  }
}
