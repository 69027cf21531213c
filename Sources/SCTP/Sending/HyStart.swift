internal import Wire

/// Leaves slow start when the round trip begins to grow, before the queue overflows (HyStart++, RFC 9406).
struct HyStart: Sendable {
  private static let leastThreshold = Duration.milliseconds(4)
  private static let greatestThreshold = Duration.milliseconds(16)
  private static let sampleCount = 8
  /// Conservative slow start grows by a quarter, for five rounds.
  static let conservativeDivisor = 4
  private static let conservativeRounds = 5

  private var roundEnd: Int64 = 0
  private var lastRound: Duration?
  private var thisRound: Duration?
  private var samples = 0
  /// The shortest round trip of the round in which conservative slow start began.
  private var baseline: Duration?
  private var conservativeRoundCount = 0

  var isConservative: Bool { baseline != nil }

  /// Takes in a SACK of slow start; true once slow start is to end.
  mutating func acknowledge(_ progress: AcknowledgementProgress) -> Bool {
    if progress.newestPacket >= roundEnd {
      roundEnd = progress.nextPacket
      lastRound = thisRound
      thisRound = nil
      samples = 0
      if isConservative {
        conservativeRoundCount += 1
        if conservativeRoundCount >= Self.conservativeRounds { return true }
      }
    }
    guard let sample = progress.roundTrip else { return false }
    let least = min(thisRound ?? sample, sample)
    thisRound = least
    samples += 1
    guard samples >= Self.sampleCount else { return false }
    if let baseline {
      // The growth was noise.
      if least < baseline { self.baseline = nil }
    } else if let lastRound {
      let threshold = min(max(lastRound / 8, Self.leastThreshold), Self.greatestThreshold)
      if least >= lastRound + threshold {
        baseline = least
        conservativeRoundCount = 0
      }
    }
    return false
  }
}
