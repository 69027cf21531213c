import RTP
import Wire

/// What of a slot's numbers was sent and is known, for one who asks for packets again.
struct SlotSending {
  /// The sequence number of the last repetition.
  var repeatNumber: UInt16
  /// Whether the viewer was heard to know the slot's SSRC.
  var isKnown = false
  /// Whether the viewer was heard to know the SSRC of repetitions.
  var isRepeatKnown = false
  /// The newest number that was given out.
  var newest: UInt16?
  /// How far before that the next packet lies that is repeated for want of better padding.
  var paddingDistance: UInt16 = 0
  /// The timestamp of the last key frame.
  var keyFrameTimestamp: UInt32?
  /// Key frames the viewer may still ask for.
  var keyFrames = KeyFrameBudget()

  init(random: inout RandomSource) {
    repeatNumber = .random(in: 0...0x7fff, using: &random)
  }

  /// Notes that a packet is given a number now.
  mutating func note(_ sequenceNumber: UInt16) {
    if let newest, !sequenceNumber.isNewer(than: newest) { return }
    newest = sequenceNumber
    paddingDistance = 0
  }
}

/// How often one viewer may have a key frame asked for: some at once, after an outage, and then rarely, so that nobody's
/// requests make the picture of all others worse.
struct KeyFrameBudget {
  private static let interval = Duration.seconds(2)

  private let burst: Double
  private var credit: Double
  private var lastAt: Instant?

  /// So many at once.
  init(burst: Int = 4) {
    self.burst = Double(burst)
    credit = self.burst
  }

  /// Whether one more request counts.
  mutating func take(at now: Instant) -> Bool {
    if let lastAt {
      let elapsed = min(max(now - lastAt, .zero), .seconds(60))
      credit += Double(elapsed.nanoseconds) / Double(Self.interval.nanoseconds)
      credit = min(credit, burst)
    }
    lastAt = now
    guard credit >= 1 else { return false }
    credit -= 1
    return true
  }
}
