/// Sends less for a moment and looks whether less is lost: then it was the sending, not the path.
struct LossTrial: Sendable {
  /// Losses below this are not worth a trial.
  static let leastLoss = 0.08
  /// Who sends less than this share of what may be sent is not the cause of losses, and would be left with nothing.
  static let leastUsage = 0.6
  /// Observations between two trials.
  static let interval = 24
  private static let reduction = 0.85

  /// Bits per second during the trial.
  let bitrate: Double
  private let loss: Double
  private let rate: Double
  private var left = 6
  private var lost = 0.0
  private var count = 0.0

  /// A trial, where this share is lost of what is sent at `rate` bits per second.
  init(loss: Double, rate: Double) {
    self.loss = loss
    self.rate = rate
    bitrate = rate * (1 - loss) * Self.reduction
  }

  /// What of the sent got through before.
  var arrived: Double { rate * (1 - loss) }

  /// The share lost at the lower bitrate.
  var remainingLoss: Double { count > 0 ? lost / count : loss }

  /// Whether less was lost when less was sent; nil while that is not known.
  mutating func take(_ observation: LossBasedBitrate.Observation) -> Bool? {
    left -= 1
    // What was sent before the trial began is told of first.
    if observation.rate < rate * 0.95 {
      lost += observation.lostCount
      count += observation.count
    }
    guard left <= 0 else { return nil }
    return count >= 20 && remainingLoss < loss / 2
  }
}
