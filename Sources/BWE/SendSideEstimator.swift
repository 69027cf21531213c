public import RTP
public import Wire

/// Estimates how much may be sent to the other side, from what it tells of packets: their delay, their losses
/// and what arrived of probes (draft-ietf-rmcat-gcc-02, and what has become of it since).
///
/// Bitrates count the headers of IP and UDP. Whatever the other side says, the estimate stays
/// within `Options`, and what is remembered is bounded.
public struct SendSideEstimator: Sendable {
  /// What an estimator starts from.
  public struct Options: Sendable {
    /// Bits per second.
    public var startBitrate = 300_000
    /// Bits per second below which the estimate never falls.
    public var minimumBitrate = 30_000
    /// Bits per second above which it never rises.
    public var maximumBitrate = 100_000_000
    /// Bytes per packet that the packets' byte counts leave out: the headers of IP and UDP.
    public var overheadPerPacket = 28

    /// The usual options.
    public init() {}
  }

  /// What an estimator has to say.
  public enum Event: Sendable, Equatable {
    /// The target has changed to so many bits per second.
    case targetChanged(Int)
    /// Send a probe: real packets, retransmissions or padding, reported with the cluster's `id`.
    case probe(ProbeCluster)
  }

  /// The target moves by at least this share before it is told.
  static let changeShare = 0.02
  static let drainStart = 0.06
  /// A queue shorter than this may be the doing of a probe.
  static let probeQueue = Duration.milliseconds(50)
  /// Beside a round trip: so long a probe or a burst is felt.
  static let burstMemory = Duration.milliseconds(200)
  /// Where this share of the bitrate has just arrived, the path carries it.
  static let carriedShare = 0.8
  static let quietDelay = Duration.milliseconds(25)
  static let recoveryTime = Duration.milliseconds(300)
  static let quietTime = Duration.milliseconds(1500)
  /// Where the path itself loses more than this, losses do not tell of others.
  static let ownLossLimit = 0.01
  /// What is left after a loss in a queue that others fill.
  static let yieldShare = 0.7

  let options: Options
  let range: ClosedRange<Double>
  var groups = PacketGroups()
  var trend = DelayTrend()
  var queue = QueueDelay()
  var delayTrial = DelayTrial()
  var sharedQueue = SharedQueue()
  var delayBased: DelayBasedBitrate
  var lossBased: LossBasedBitrate
  var reportBased: ReportBasedBitrate
  var acknowledged = AcknowledgedBitrate()
  var recentArrivals = RecentArrivals()
  var applicationLimit = ApplicationLimit()
  var probeEstimator = ProbeEstimator()
  var probes = ProbeController()
  var gap = FeedbackGap()
  var desired: Double?
  var target: Double
  var lastToldTarget: Double
  var quietSince: Instant?
  /// The estimate when packets last did not wait.
  var quietEstimate: Double?
  var lastProbed: Instant?
  /// When the delay grew while less was sent than might have been, the last time.
  var lastBurst: Instant?
  /// What arrived when packets last waited while less was sent than might have been, in bits per second.
  var lastQueued: (bitrate: Double, at: Instant)?
  /// The target before nothing was heard any more.
  var beforeGap: Double?
  /// The time a packet and the word of it take, smoothed.
  public internal(set) var roundTrip = Duration.milliseconds(200)

  /// An estimator that has heard nothing.
  public init(options: Options = Options()) {
    self.options = options
    let least = Double(options.minimumBitrate).clamped(to: 1000...1e12)
    range = least...max(least, Double(options.maximumBitrate).clamped(to: 1000...1e12))
    target = Double(options.startBitrate).clamped(to: range)
    lastToldTarget = target
    delayBased = DelayBasedBitrate(target, range: range)
    lossBased = LossBasedBitrate(range: range)
    reportBased = ReportBasedBitrate(target, range: range)
  }

  /// Bits per second that may be sent, retransmissions and padding included.
  public var targetBitrate: Int { Int(bitrate: target) }

  /// Bits per second that arrived of late, if known.
  public var acknowledgedBitrate: Int? { acknowledged.bitrate.map { Int(bitrate: $0) } }

  /// The share of packets lost of late, 0 to 1.
  public var lossRate: Double { lossBased.averageLoss }

  /// The share of packets lost of late while none had to wait on the way, 0 to 1: what sending less would not change.
  public var lossRateBesideQueues: Double { lossBased.lossBesideQueues }

  /// How long packets wait on the way.
  public var queueDelay: Duration { queue.value }

  /// Whether less may be sent for a moment, to see what comes of it.
  public var isTrying: Bool { delayTrial.limit != nil }

  /// Whether less is sent than may be.
  public var isApplicationLimited: Bool { applicationLimit.since != nil }

  /// When to call `advance`.
  public var deadline: Instant? {
    let gapDeadline = gap.deadline(roundTrip)
    guard isApplicationLimited, estimate < probeLimit, let probe = probes.deadline else {
      return gapDeadline
    }
    return min(gapDeadline ?? probe, probe)
  }

  /// Sets the round-trip time that another measurement gave, as receiver reports.
  public mutating func setRoundTrip(_ time: Duration) {
    roundTrip = min(max(time, .milliseconds(1)), .seconds(5))
  }

  /// What could be used: all of an allocator's wishes, in bits per second; nil is without limit.
  public mutating func setDesiredBitrate(
    _ bitrate: Int?, at now: Instant, events: inout [Event]
  ) {
    let before = desired ?? .infinity
    desired = bitrate.map { Double($0).clamped(to: 0...1e12) }
    guard let desired, desired > before else { return }
    tell(probes.wanted(desired, view(at: now), at: now), &events)
  }

  /// Begins: the first probes are asked for. Call when packets can be sent.
  public mutating func start(at now: Instant, events: inout [Event]) {
    tell(probes.start(view(at: now), at: now), &events)
  }

  /// Takes a packet that was sent with a transport-wide number, as part of a probe or not.
  public mutating func sent(
    _ sequenceNumber: UInt16, byteCount: Int, probe: Int? = nil, at now: Instant
  ) {
    let size = bytes(byteCount)
    applicationLimit.sent(size, at: now, target: target)
    gap.sent(at: now)
    if let probe {
      probeEstimator.sent(sequenceNumber, byteCount: size, cluster: probe, at: now)
    }
  }

  /// Takes what became of packets.
  public mutating func receive(
    _ results: [TransportPacketResult], at now: Instant, events: inout [Event]
  ) {
    guard !results.isEmpty else { return }
    let isAfterGap = gap.received(roundTrip, at: now)
    if isAfterGap { invalidate() }
    // What an outage has swallowed says nothing of the path after it.
    let returned = isAfterGap ? results.first { $0.arrivedAt != nil }?.index ?? .max : .min
    measureTimes(results, at: now)
    var probed: ProbeEstimator.Result?
    var overuse = false
    var hasLost = false
    let hasQueue = queue.value > Self.quietDelay
    for result in results {
      let size = bytes(result.byteCount)
      if result.index >= returned {
        lossBased.add(
          byteCount: size, sentAt: result.sentAt, isLost: result.arrivedAt == nil,
          hasQueue: hasQueue)
      }
      hasLost = hasLost || result.arrivedAt == nil && result.index >= returned
      guard let arrivedAt = result.arrivedAt else { continue }
      recentArrivals.add(size, at: arrivedAt)
      delayTrial.add(size, sentAt: result.sentAt, arrivedAt: arrivedAt, at: now)
      acknowledged.add(size, arrivedAt: arrivedAt, isApplicationLimited: isApplicationLimited)
      if let difference = groups.add(sentAt: result.sentAt, arrivedAt: arrivedAt) {
        trend.update(difference)
        overuse = overuse || trend.usage == .overuse
      }
      probed =
        probeEstimator.arrived(
          UInt16(truncatingIfNeeded: result.index), byteCount: size, sentAt: result.sentAt,
          arrivedAt: arrivedAt, loss: lossBased.inherentLoss) ?? probed
    }
    let beforeStep = judgeWait(hasLost: hasLost, at: now)
    follow(overuse ? .overuse : trend.usage, probed, at: now, events: &events)
    if let beforeStep { tell(probes.mistaken(from: beforeStep, view(at: now), at: now), &events) }
    if isAfterGap, let before = beforeGap {
      beforeGap = nil
      tell(probes.returned(from: before, view(at: now), at: now), &events)
    }
  }

  /// Takes the share of packets lost that a block of a receiver report tells of, in 1/256.
  public mutating func receive(fractionLost: UInt8, at now: Instant, events: inout [Event]) {
    reportBased.receive(fractionLost: fractionLost, at: now)
    settle(at: now, events: &events)
  }

  /// Takes the other side's own estimate (REMB) in bits per second.
  public mutating func receive(
    estimate bitsPerSecond: UInt64, at now: Instant, events: inout [Event]
  ) {
    reportBased.receive(estimate: bitsPerSecond, at: now)
    settle(at: now, events: &events)
  }

  /// Time has passed.
  public mutating func advance(to now: Instant, events: inout [Event]) {
    applicationLimit.advance(to: now, target: target)
    if gap.advance(roundTrip, to: now) {
      beforeGap = beforeGap ?? target
      delayBased.set(target * FeedbackGap.backOff, at: now)
    }
    settle(at: now, events: &events)
    tell(probes.advance(view(at: now), at: now), &events)
  }

  /// The path is another one: what was learnt of the old one is forgotten but for the target.
  public mutating func changePath(at now: Instant, events: inout [Event]) {
    delayBased = DelayBasedBitrate(target, range: range)
    lossBased.reset()
    beforeGap = nil
    queue.reset()
    probeEstimator = ProbeEstimator()
    probes.restart()
    invalidate()
    start(at: now, events: &events)
  }
}
