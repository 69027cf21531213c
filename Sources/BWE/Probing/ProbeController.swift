import Wire

/// Decides when to probe and how far: at the start, while probes succeed, when more is wanted than is known
/// to fit, after a sharp drop, and when nothing has queued for a while.
struct ProbeController: Sendable {
  /// What the controller looks at.
  struct View: Sendable {
    var estimate: Double
    var isApplicationLimited: Bool
    /// Nothing queues, and has not for a while.
    var isQuiet: Bool
    /// Nothing has queued for a moment.
    var hasRecovered: Bool
    /// Less was sent of late than might have been.
    var hasRoom: Bool
    /// The most worth knowing of: the allocator's wish, with room.
    var limit: Double
  }

  private static let startFactors = [3.0, 6.0]
  private static let factor = 2.0
  private static let successShare = 0.7
  private static let patience = Duration.seconds(1)
  private static let applicationLimitedInterval = Duration.seconds(5)
  private static let quietInterval = Duration.milliseconds(2500)
  private static let dropShare = 0.8
  private static let dropMemory = Duration.seconds(5)
  private static let recoveryShare = 0.9
  /// A full path is believed to carry for so long what a probe found.
  private static let carriedMemory = Duration.seconds(15)
  private static let carriedInterval = Duration.milliseconds(1500)

  private var nextID = 1
  private var hasStarted = false
  private var lastProbe: Instant?
  /// A result at least this high calls for the next probe.
  private var threshold: Double?
  private var hasResult = false
  private var beforeDrop: (estimate: Double, at: Instant)?
  /// What the last probe found that filled the path.
  private var carried: (bitrate: Double, at: Instant)?
  private var peak = (estimate: 0.0, at: Instant.zero)

  /// When to probe next if less is sent than may be.
  var deadline: Instant? { lastProbe.map { $0 + Self.applicationLimitedInterval } }

  /// Forgets everything but the numbers of earlier probes, some of which may still be on their way.
  mutating func restart() {
    let next = nextID
    self = ProbeController()
    nextID = next
  }

  /// The first probes.
  mutating func start(_ view: View, at now: Instant) -> [ProbeCluster] {
    guard !hasStarted else { return [] }
    hasStarted = true
    return probes(Self.startFactors.map { $0 * view.estimate }, view, now)
  }

  /// A probe has found this bitrate.
  mutating func found(
    _ result: ProbeEstimator.Result, _ view: View, at now: Instant
  ) -> [ProbeCluster] {
    hasResult = true
    if result.isSaturated { carried = (result.bitrate, now) }
    guard let threshold, result.bitrate >= threshold else { return [] }
    self.threshold = nil
    return probes([result.bitrate * Self.factor], view, now)
  }

  /// The allocator wants more than before.
  mutating func wanted(_ bitrate: Double, _ view: View, at now: Instant) -> [ProbeCluster] {
    guard hasStarted, bitrate > view.estimate, isIdle(for: .milliseconds(500), now) else {
      return []
    }
    return probes([min(bitrate, view.estimate * Self.factor)], view, now)
  }

  /// The other side is heard again after a gap, before which the estimate was `estimate`.
  mutating func returned(
    from estimate: Double, _ view: View, at now: Instant
  ) -> [ProbeCluster] {
    guard hasStarted else { return [] }
    beforeDrop = nil
    let half = max(estimate / 2, view.estimate * Self.factor)
    return probes([half, max(estimate * Self.recoveryShare, half)], view, now)
  }

  /// What lowered the estimate since it was `estimate` was no queue.
  mutating func mistaken(
    from estimate: Double, _ view: View, at now: Instant
  ) -> [ProbeCluster] {
    guard hasStarted else { return [] }
    beforeDrop = nil
    return probes([estimate], view, now)
  }

  /// Looks whether it is time for a probe.
  mutating func advance(_ view: View, at now: Instant) -> [ProbeCluster] {
    guard hasStarted else { return [] }
    noteDrop(view.estimate, now)
    if let last = lastProbe, now - last >= Self.patience { threshold = nil }
    let interval = hasResult ? Self.quietInterval : Self.patience
    guard threshold == nil, view.estimate < view.limit else { return [] }
    if let drop = beforeDrop, view.hasRecovered, isIdle(for: .seconds(1), now) {
      beforeDrop = nil
      if drop.estimate * Self.recoveryShare > view.estimate {
        return probes([drop.estimate * Self.recoveryShare], view, now)
      }
    }
    // No more than the path has carried: that leaves no queue behind.
    if view.hasRoom, view.hasRecovered, isIdle(for: Self.carriedInterval, now), let carried,
      now - carried.at < Self.carriedMemory, view.estimate < carried.bitrate * Self.recoveryShare
    {
      return probes([carried.bitrate], view, now)
    }
    if view.isApplicationLimited, isIdle(for: Self.applicationLimitedInterval, now) {
      return probes([view.estimate * Self.factor], view, now)
    }
    if view.isQuiet, isIdle(for: interval, now) {
      return probes([view.estimate * Self.factor], view, now)
    }
    return []
  }

  private func isIdle(for time: Duration, _ now: Instant) -> Bool {
    lastProbe.map { now - $0 >= time } ?? true
  }

  /// Remembers the height before a drop that nobody has probed for yet.
  private mutating func noteDrop(_ estimate: Double, _ now: Instant) {
    if let drop = beforeDrop, now - drop.at > Self.dropMemory { beforeDrop = nil }
    if estimate >= peak.estimate || now - peak.at > Self.dropMemory { peak = (estimate, now) }
    guard estimate < peak.estimate * Self.dropShare else { return }
    beforeDrop = (peak.estimate, now)
    peak = (estimate, now)
  }

  private mutating func probes(_ bitrates: [Double], _ view: View, _ now: Instant) -> [ProbeCluster]
  {
    var clusters: [ProbeCluster] = []
    for bitrate in bitrates {
      let bounded = min(bitrate, view.limit)
      guard bounded > view.estimate else { continue }
      clusters.append(ProbeCluster(id: nextID, bitrate: bounded))
      nextID &+= 1
      threshold = bounded < view.limit ? bounded * Self.successShare : nil
      if bounded >= view.limit { break }
    }
    if !clusters.isEmpty {
      lastProbe = now
      hasResult = false
    }
    return clusters
  }
}
