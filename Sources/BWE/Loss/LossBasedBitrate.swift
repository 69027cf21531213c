import Wire

/// The bitrate that losses allow.
///
/// Of a few candidates it takes the one that explains best what was lost at which sending rate, given
/// that a path loses a share of all packets whatever is sent, and everything beyond its capacity.
/// A share that is lost while nothing queues is the path's own; sending less would not help.
struct LossBasedBitrate: Sendable {
  private static let observationTime = Duration.milliseconds(250)
  private static let observationLimit = 20
  private static let weightPerObservation = 0.9
  private static let candidateFactors = [1.02, 1, 0.95]
  /// Fewer packets than this say nothing of losses.
  private static let leastQuiet = 5.0
  private static let offset = 0.05
  private static let balance = 75_000.0
  /// More is never taken for the path's own loss.
  private static let inherentLimit = 0.35

  struct Observation: Sendable {
    var lostCount = 0.0
    var count = 0.0
    var byteCount = 0
    var firstSent: Instant
    var lastSent: Instant
    var rate = 0.0
    /// Whether packets waited on the way meanwhile.
    var isQueued = false
  }

  private var observations: [Observation] = []
  private var partial: Observation?
  private var isPartialQueued = false
  private let range: ClosedRange<Double>
  /// Losses while nothing queues.
  private var quietLoss = 0.0
  private var quietCount = 0.0
  private var trial: LossTrial?
  private var sinceTrial = LossTrial.interval - 4
  /// What got through before a trial that showed the sending to be the cause of losses.
  private var ceiling = Double.infinity
  /// The share that is lost whatever is sent.
  private(set) var inherentLoss = 0.01
  /// The share lost of late, by whatever cause.
  private(set) var averageLoss = 0.0
  /// The same without what was lost while packets waited: a queue that overflows is over once less is sent. Where they have
  /// waited all the time it is the whole.
  private(set) var lossBesideQueues = 0.0
  /// Bits per second; without limit until something is lost.
  private(set) var bitrate = Double.infinity

  init(range: ClosedRange<Double>) { self.range = range }

  /// Forgets what was seen, as after a change of the path.
  mutating func reset() { self = Self(range: range) }

  /// Takes the fate of one packet.
  mutating func add(byteCount: Int, sentAt: Instant, isLost: Bool, hasQueue: Bool) {
    var observation = partial ?? Observation(firstSent: sentAt, lastSent: sentAt)
    observation.count += 1
    if isLost { observation.lostCount += 1 }
    observation.byteCount = min(observation.byteCount + max(0, byteCount), 1 << 40)
    observation.lastSent = max(observation.lastSent, sentAt)
    isPartialQueued = isPartialQueued || hasQueue
    partial = observation
  }

  /// Judges anew where enough was seen; `delayBased` is the most the path may carry.
  mutating func update(delayBased: Double, acknowledged: Double?) {
    guard let observation = partial, observation.count >= 10,
      observation.lastSent - observation.firstSent >= Self.observationTime
    else { return }
    finish(observation)
    weighLosses()
    let current = min(bitrate, delayBased).clamped(to: range)
    judgeTrial(observations.last ?? observation, allowed: current)
    var candidates = Self.candidateFactors.map { $0 * current }
    candidates.append(delayBased)
    if let acknowledged { candidates.append(acknowledged / max(1 - inherentLoss, 0.5)) }
    choose(among: candidates.map { min($0, delayBased).clamped(to: range) }, delayBased)
  }

  private mutating func finish(_ observation: Observation) {
    var finished = observation
    finished.rate = Double.bitrate(
      finished.byteCount, over: finished.lastSent - finished.firstSent)
    finished.isQueued = isPartialQueued
    observations.append(finished)
    if observations.count > Self.observationLimit { observations.removeFirst() }
    if !isPartialQueued {
      let loss = finished.lostCount / max(finished.count, 1)
      quietCount = min(quietCount + 1, 10)
      quietLoss += (loss - quietLoss) / quietCount
    }
    partial = nil
    isPartialQueued = false
  }

  private mutating func weighLosses() {
    var weight = 1.0
    var lost = 0.0
    var count = 0.0
    var queued = (lost: 0.0, count: 0.0)
    for observation in observations.reversed() {
      lost += weight * observation.lostCount
      count += weight * observation.count
      if observation.isQueued {
        queued.lost += weight * observation.lostCount
        queued.count += weight * observation.count
      }
      weight *= Self.weightPerObservation
    }
    averageLoss = count > 0 ? lost / count : 0
    let quiet = count - queued.count
    lossBesideQueues = quiet >= Self.leastQuiet ? (lost - queued.lost) / quiet : averageLoss
  }

  private mutating func choose(among candidates: [Double], _ delayBased: Double) {
    guard observations.count > 1 else {
      bitrate = min(bitrate, ceiling)
      return
    }
    var best = (bitrate: candidates[0], inherent: inherentLoss, score: -Double.infinity)
    for candidate in candidates {
      let inherent = inherentLoss(given: candidate)
      let score = score(candidate, inherent)
      if score > best.score { best = (candidate, inherent, score) }
    }
    inherentLoss = best.inherent
    let chosen = min(best.bitrate, instantLimit, ceiling, trial?.bitrate ?? .infinity)
    bitrate = chosen >= delayBased * 0.999 ? .infinity : chosen.clamped(to: range)
  }

  private mutating func judgeTrial(_ observation: Observation, allowed: Double) {
    ceiling *= averageLoss < 0.02 ? 1.02 : 1.005
    sinceTrial = min(sinceTrial + 1, LossTrial.interval)
    if var running = trial {
      let isOwnLoss = running.take(observation)
      trial = isOwnLoss == nil ? running : nil
      guard isOwnLoss == true else { return }
      quietLoss = running.remainingLoss
      quietCount = 10
      inherentLoss = max(quietLoss, 0.001)
      ceiling = running.arrived
      observations.removeFirst(observations.count - 1)
    } else if averageLoss > LossTrial.leastLoss, sinceTrial >= LossTrial.interval,
      observation.rate >= allowed * LossTrial.leastUsage
    {
      sinceTrial = 0
      trial = LossTrial(loss: averageLoss, rate: observation.rate)
    }
  }

  /// What may be sent at most at the losses of late: no less than nearly what gets through.
  private var instantLimit: Double {
    let excess = averageLoss - min(quietLoss, Self.inherentLimit) - Self.offset
    guard excess > 0, let last = observations.last else { return .infinity }
    let passed = last.rate * (1 - last.lostCount / max(last.count, 1))
    return max(Self.balance / excess, passed * 0.9)
  }

  private func inherentBound(_ candidate: Double) -> Double {
    let usual = Self.offset + Self.balance / max(candidate, 1)
    return min(max(usual, quietLoss * 1.2 + 0.02), Self.inherentLimit)
  }

  /// The likeliest share, approached by a few steps of expectation and maximisation.
  private func inherentLoss(given candidate: Double) -> Double {
    let bound = max(inherentBound(candidate), 0.001)
    var share = max(inherentLoss, 0.005)
    for _ in 0..<4 {
      var weight = 1.0
      var inherent = 0.0
      var count = 0.0
      for observation in observations.reversed() {
        if observation.lostCount > 0 {
          let loss = Self.loss(share, candidate, observation.rate)
          inherent += weight * observation.lostCount * share / loss
        }
        count += weight * observation.count
        weight *= Self.weightPerObservation
      }
      share = (inherent / max(count, 1)).clamped(to: 0.001...bound)
    }
    return share
  }

  private func score(_ candidate: Double, _ share: Double) -> Double {
    let kilobits = candidate / 1000
    let bias =
      averageLoss - share < 0.15 ? 0.0002 * kilobits + 0.02 * (1 + kilobits).naturalLogarithm : 0
    var weight = 1.0
    var score = 0.0
    // Most observations were within what the candidate carries, and so expect the same loss.
    var loss = Double.nan
    var lostLogarithm = 0.0
    var arrivedLogarithm = 0.0
    for observation in observations.reversed() {
      let expected = Self.loss(share, candidate, observation.rate)
      if expected != loss {
        loss = expected
        lostLogarithm = loss.naturalLogarithm
        arrivedLogarithm = (1 - loss).naturalLogarithm
      }
      let arrived = observation.count - observation.lostCount
      score +=
        weight
        * (observation.lostCount * lostLogarithm
          + arrived * arrivedLogarithm + bias * min(observation.count, 50) * 0.02)
      weight *= Self.weightPerObservation
    }
    return score
  }

  private static func loss(_ share: Double, _ capacity: Double, _ rate: Double) -> Double {
    let excess = rate > capacity ? (rate - capacity) / rate : 0
    return (share + (1 - share) * excess).clamped(to: 1e-6...0.999999)
  }
}
