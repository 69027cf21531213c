import Wire

/// What a person would say of a link. The thresholds stand in docs/design/quality.md.
enum QualityScale {
  /// From where on a value is worth no more than 4, 3, 2 and 1.
  private struct Steps {
    var good: Double
    var fair: Double
    var poor: Double
    var bad: Double

    /// The score of a value of which less is better.
    func score(rising value: Double) -> UInt8 {
      value >= bad ? 1 : value >= poor ? 2 : value >= fair ? 3 : value >= good ? 4 : 5
    }

    /// The score of a value of which more is better.
    func score(falling value: Double) -> UInt8 {
      value < bad ? 1 : value < poor ? 2 : value < fair ? 3 : value < good ? 4 : 5
    }
  }

  private static let loss = Steps(good: 0.02, fair: 0.08, poor: 0.2, bad: 0.4)
  private static let roundTrip = Steps(good: 250, fair: 500, poor: 1_000, bad: 2_000)
  private static let jitter = Steps(good: 40, fair: 80, poor: 160, bad: 320)
  private static let queue = Steps(good: 150, fair: 300, poor: 600, bad: 1_200)
  private static let frozen = Steps(good: 0.01, fair: 0.05, poor: 0.15, bad: 0.4)
  private static let pictureShare = Steps(good: 0.9, fair: 0.6, poor: 0.3, bad: 0.1)
  private static let opinion = Steps(good: 4.15, fair: 3.8, poor: 3.3, bad: 2.6)

  /// The worst that anything seen says. Of two that say the same the one counts of which more can be done.
  static func judge(_ evidence: LinkEvidence) -> LinkQuality {
    guard !evidence.isLost else { return LinkQuality(score: 0, reason: .lost) }
    var worst = LinkQuality(score: 5)
    func consider(_ score: UInt8, _ reason: LinkQuality.Reason) {
      if score < worst.score { worst = LinkQuality(score: score, reason: reason) }
    }
    consider(pictureShare.score(falling: evidence.pictureShare), .bandwidth)
    consider(loss.score(rising: evidence.loss), .loss)
    consider(frozen.score(rising: evidence.frozen), .freeze)
    if let missing = evidence.missingSound {
      let score = opinion.score(falling: opinionOfSound(evidence, missing: missing))
      consider(score, missing > 0.01 ? .loss : .delay)
    }
    consider(queue.score(rising: evidence.queueDelay.inMilliseconds), .delay)
    consider(roundTrip.score(rising: evidence.roundTrip?.inMilliseconds ?? 0), .delay)
    consider(jitter.score(rising: evidence.jitter.inMilliseconds), .delay)
    return worst
  }

  /// The mean opinion of a conversation, 1 to 4.5: the E-model (ITU-T G.107) of a codec that hides losses as Opus
  /// does, with the receiver's buffer sized by jitter.
  static func opinionOfSound(_ evidence: LinkEvidence, missing: Double) -> Double {
    let way = (evidence.roundTrip?.inMilliseconds ?? 0) / 2
    let delay = 60 + way + evidence.queueDelay.inMilliseconds + 2 * evidence.jitter.inMilliseconds
    let percent = min(max(missing, 0), 1) * 100
    let delayImpairment = 0.024 * delay + max(0, 0.11 * (delay - 177.3))
    let lossImpairment = 95 * percent / (percent + 18)
    let rating = min(max(93.2 - delayImpairment - lossImpairment, 0), 100)
    return max(1 + 0.035 * rating + rating * (rating - 60) * (100 - rating) * 7e-6, 1)
  }
}

extension Duration {
  fileprivate var inMilliseconds: Double { Double(microseconds) / 1_000 }
}
