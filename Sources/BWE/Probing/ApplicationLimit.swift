import Wire

/// Whether less is sent than may be: then what arrives says little of what the path carries.
struct ApplicationLimit: Sendable {
  /// The share of the target that is expected to be sent.
  private static let usage = 0.65
  private static let window = 0.5
  private static let step = Duration.milliseconds(1)
  private static let enter = 0.8
  private static let leave = 0.5
  /// Who sends less than this share of the target, so that within a moment this many seconds' worth of it is left over,
  /// does not show what the path carries.
  private static let fullUsage = 0.9
  private static let spareTime = 0.1
  /// After a probe the pacer is silent for as long as it took of the target.
  private static let spareRange = -0.5...0.2

  /// Bits that could have been sent.
  private var budget = 0.0
  private var lastUpdate: Instant?
  /// Bits sent since then.
  private var waiting = 0.0
  /// Since when less is sent, if it is.
  private(set) var since: Instant?
  /// Seconds of the target that were left over of late.
  private var spare = 0.0
  /// When the path was last not filled.
  private(set) var lastSpare: Instant?

  /// Time has passed at this target in bits per second.
  mutating func advance(to now: Instant, target: Double) {
    let elapsed = lastUpdate.map { (now - $0).seconds.clamped(to: 0...10) } ?? 0
    lastUpdate = now
    let full = max(target * Self.usage * Self.window, 1)
    budget = (budget + elapsed * target * Self.usage - waiting).clamped(to: -full...full)
    if budget > full * Self.enter {
      since = since ?? now
    } else if budget < full * Self.leave {
      since = nil
    }
    spare = (spare + elapsed * Self.fullUsage - waiting / max(target, 1))
      .clamped(to: Self.spareRange)
    waiting = 0
    if spare >= Self.spareTime { lastSpare = now }
  }

  /// Takes a packet that was sent.
  mutating func sent(_ byteCount: Int, at now: Instant, target: Double) {
    waiting += Double(min(max(byteCount, 0), 1 << 20)) * 8
    // Packets that leave at once need no reckoning each.
    if let lastUpdate, now - lastUpdate < Self.step { return }
    advance(to: now, target: target)
  }
}
