import Wire

/// What the division of one viewer's bitrate is based on, and when it is due again.
struct ViewerAllocation {
  /// What tells whether the same is shown in the same way.
  struct Shown: Hashable {
    var source: SourceID
    var priority: PictureClass
    var height: Int
  }

  /// How often everything is looked at again, whatever happens.
  static let interval = Duration.seconds(1)
  /// How often where somebody is seen in snapshots.
  static let snapshotInterval = Duration.milliseconds(500)

  var steady = SteadyAllocation()
  var sound = SoundBitrate()
  /// Whether something changed since it was made.
  var isDue = true
  var nextAt: Instant?
  private var shown: [Shown] = []
  /// bit/s that the link was told could be used.
  private var desired = 0

  /// Whether to make it now.
  func isDue(at now: Instant) -> Bool { isDue || nextAt.map { $0 <= now } ?? true }

  /// What to tell the link where `bitrate` could be used: with what has to be to spare before a picture becomes better. Nil
  /// where that is about the same as before, for any more is probed for.
  mutating func desire(_ bitrate: Int) -> Int? {
    let wanted = bitrate + bitrate / 4
    guard abs(wanted - desired) > desired / 8 else { return nil }
    desired = wanted
    return wanted
  }

  /// Takes what is shown now. True where that is something else.
  mutating func show(_ shown: [Shown]) -> Bool {
    guard shown != self.shown else { return false }
    self.shown = shown
    return true
  }
}

/// What a viewer's sound takes.
struct SoundBitrate {
  /// bit/s kept for whoever may begin to speak.
  static let reserve = 40_000
  /// What a packet takes besides its payload.
  private static let overhead: Int64 = 58
  private static let interval = Duration.milliseconds(500)

  private var last: (octets: UInt32, packets: UInt32, at: Instant)?
  /// bit/s, falling slowly where it was more before.
  private var peak = 0

  /// Takes the counters of all slots together, which may wrap, and gives bit/s.
  mutating func bitrate(octets: UInt32, packets: UInt32, at now: Instant) -> Int {
    guard let last else {
      self.last = (octets, packets, now)
      return Self.reserve
    }
    let elapsed = (now - last.at).milliseconds
    if elapsed >= Self.interval.milliseconds {
      let byteCount = Int64(octets &- last.octets) + Self.overhead * Int64(packets &- last.packets)
      let measured = Int(clamping: min(byteCount, 1 << 40) * 8000 / elapsed)
      peak = max(measured, peak - peak / 8)
      self.last = (octets, packets, now)
    }
    return max(peak, Self.reserve)
  }
}
