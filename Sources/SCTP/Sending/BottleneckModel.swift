internal import Wire

/// Congestion control by a model of the path: how fast the bottleneck delivers, and how long the path is
/// without a queue (after BBR, draft-ietf-ccwg-bbr).
///
/// Data leaves at the rate the bottleneck was seen to deliver, with little more in flight than the path
/// holds, so the queue stays short. A loss alone is no sign of congestion: on a radio link it says
/// nothing. It counts where the round trip grew in the same round, or where so much is lost that a
/// short queue must be overflowing.
struct BottleneckModel: Sendable {
  enum Phase: Sendable {
    /// Doubles the rate each round until the bottleneck gives no more.
    case startup
    /// Empties the queue that made.
    case drain
    /// A little slower than the bottleneck, so that what queued leaves.
    case down
    /// As fast as the bottleneck.
    case cruise
    /// Fills the path before more is tried.
    case refill
    /// Tries whether there is more.
    case up
    /// Nearly stops, to see the path without our own queue.
    case probeRoundTrip
  }

  static let startupGain = 2.77
  static let initialPackets = 10
  static let leastPackets = 4
  /// What a short-term bound keeps where it proved too high.
  static let beta = 0.7
  /// A bound below what was seen to be safe, to leave others room.
  static let headroom = 0.85
  /// In flight this multiple of the path's product: acknowledgements come in bunches.
  static let windowGain = 2.0
  private static let pacingMargin = 0.99
  /// Packets each of several flows keeps in the queue, and what none gives up of its rate at once.
  private static let queuedPackets = 8
  private static let leastShare = 0.75
  private static let recoveryGain = 1.1

  let packetSize: Int
  var window: Int
  var phase = Phase.startup
  var phaseStart = Instant.zero
  var pacingGain = BottleneckModel.startupGain

  var bandwidth = BandwidthFilter()
  /// Bounds of the last rounds' making; infinite where there was no congestion.
  var shortTermBandwidth = Double.infinity
  var shortTermInFlight = Double.infinity
  /// What may be in flight without much loss, as far as probing found out.
  var longTermInFlight = Double.infinity
  var round = RoundCounter()
  var signals = RoundSignals()
  var fullPipe = FullPipeDetector()
  var shortestRoundTrip = ShortestRoundTrip()
  /// When the bottleneck's rate is probed again.
  var probeWait = Duration.seconds(2)
  var probeStart = Instant.zero
  var roundsSinceProbe = 0
  /// Losses of packets before this one come from our own trying for more.
  var overshootEnd: Int64 = 0
  /// Bytes by which the long-term bound grows in a round of `up`, doubled in each.
  var probeStep = 0.0
  /// Rounds of `cruise` in a row that saw a queue.
  private var queuedRounds = 0
  private var deliveredByteCount: Int64 = 0

  init(packetSize: Int) {
    self.packetSize = max(packetSize, 1)
    window = Self.initialPackets * self.packetSize
  }

  // MARK: The model

  /// Bytes per second the path is taken to carry; 0 before the first measurement.
  var rate: Double { min(bandwidth.greatest, shortTermBandwidth) }

  /// Bytes per second to send at; `nil` before the first measurement.
  var pacingRate: Double? {
    guard bandwidth.greatest > 0 else { return nil }
    return max(rate * pacingGain * Self.pacingMargin, Double(packetSize))
  }

  /// Bytes the path holds without a queue.
  var product: Double { rate * shortestRoundTrip.duration.seconds }

  /// ssthresh's counterpart: `Int.max` as long as the end of the path's capacity was not found.
  var slowStartThreshold: Int { fullPipe.isReached ? Int(min(product, 1e12)) : .max }

  /// Bytes that may be in flight for a gain, with room for a burst's worth of packets.
  func inFlight(gain: Double) -> Double {
    let burst = min(rate * 0.001, 65_536) * 3
    return max(product * gain + burst, Double(Self.leastPackets * packetSize))
  }

  // MARK: Signals

  mutating func acknowledge(_ progress: AcknowledgementProgress) {
    let rate = progress.rate
    deliveredByteCount &+= Int64(progress.byteCount)
    shortestRoundTrip.measure(progress.roundTrip, at: progress.now)
    let isRoundStart = round.acknowledge(rate, delivered: deliveredByteCount)
    if isRoundStart { roundsSinceProbe += 1 }
    signals.note(progress, overshootEnd: overshootEnd)
    if let sample = rate.bytesPerSecond, !rate.isApplicationLimited || sample >= bandwidth.greatest
    {
      bandwidth.measure(sample)
    }
    if isRoundStart {
      adaptShortTermBounds()
      fullPipe.endRound(
        bandwidth: bandwidth.greatest, isApplicationLimited: rate.isApplicationLimited,
        isCongested: signals.isCongested(shortestRoundTrip.duration) && signals.lossEvents >= 6,
        hasQueue: signals.hasGrowingQueue(shortestRoundTrip.duration))
    }
    updatePhase(progress, isRoundStart: isRoundStart)
    if isRoundStart { signals.beginRound() }
    updateWindow(progress)
  }

  /// The bounds of the moment: what was delivered in spite of the congestion.
  private mutating func adaptShortTermBounds() {
    switch phase {
    case .startup, .refill, .up: return
    case .drain, .down, .cruise, .probeRoundTrip: break
    }
    if phase == .cruise { shareQueue() }
    guard signals.isCongested(shortestRoundTrip.duration) else { return }
    if shortTermBandwidth.isInfinite { shortTermBandwidth = bandwidth.greatest }
    if shortTermInFlight.isInfinite { shortTermInFlight = Double(window) }
    shortTermBandwidth = max(signals.bandwidth, shortTermBandwidth * Self.beta)
    shortTermInFlight = max(signals.inFlight, shortTermInFlight * Self.beta)
  }

  /// A queue that stays although we send no faster than the bottleneck is made together with others.
  /// Each takes its own part out again and leaves a few packets: where all do so, those with more give
  /// to those with less until they are equal.
  private mutating func shareQueue() {
    let least = shortestRoundTrip.duration
    guard let shortest = signals.shortest, signals.hasQueue(least), signals.bandwidth > 0 else {
      queuedRounds = 0
      if signals.lossEvents == 0 { shortTermBandwidth *= Self.recoveryGain }
      return
    }
    queuedRounds += 1
    // The first one may be what is left of our own.
    guard queuedRounds > 1 else { return }
    let fair =
      (signals.bandwidth * least.seconds + Double(Self.queuedPackets * packetSize))
      / shortest.seconds
    shortTermBandwidth = max(fair, bandwidth.greatest * Self.leastShare)
  }

  mutating func forgetShortTermBounds() {
    shortTermBandwidth = .infinity
    shortTermInFlight = .infinity
  }

  // MARK: The window

  private mutating func updateWindow(_ progress: AcknowledgementProgress) {
    let target = inFlight(gain: Self.windowGain)
    var next = Double(window)
    if fullPipe.isReached {
      next = min(next + Double(progress.byteCount), target)
    } else if next < target || deliveredByteCount < Int64(2 * Self.initialPackets * packetSize) {
      next += Double(progress.byteCount)
    }
    var bound = shortTermInFlight
    switch phase {
    case .cruise, .probeRoundTrip: bound = min(bound, longTermInFlight * Self.headroom)
    case .startup: break
    case .drain, .down, .refill, .up: bound = min(bound, longTermInFlight)
    }
    if phase == .probeRoundTrip { bound = min(bound, product / 2) }
    next = max(min(next, bound), Double(Self.leastPackets * packetSize))
    window = Int(min(next, 1e12))
  }

  /// After an expiry of the retransmission timer the window begins small and comes back as fast as
  /// acknowledgements do: the model stays what it was.
  mutating func expire() {
    window = packetSize
    forgetShortTermBounds()
  }
}
