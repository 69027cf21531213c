import RTP
import Wire

/// How the estimate follows what was measured.
extension SendSideEstimator {
  func bytes(_ byteCount: Int) -> Int {
    min(max(byteCount, 0), 65_535) + min(max(options.overheadPerPacket, 0), 1000)
  }

  var estimate: Double { min(delayBased.bitrate, lossBased.bitrate) }

  var probeLimit: Double {
    min(range.upperBound, desired.map { max($0 * 1.25, range.lowerBound) } ?? .infinity)
  }

  func view(at now: Instant) -> ProbeController.View {
    ProbeController.View(
      estimate: estimate, isApplicationLimited: isApplicationLimited,
      isQuiet: quietSince.map { now - $0 >= Self.quietTime } ?? false,
      hasRecovered: quietSince.map { now - $0 >= Self.recoveryTime } ?? false,
      hasRoom: hadRoom(at: now), limit: probeLimit)
  }

  mutating func invalidate() {
    groups.reset()
    trend.reset()
    acknowledged.reset()
    recentArrivals.reset()
    delayTrial.reset()
    sharedQueue.reset()
  }

  /// Looks what packets wait for. Where it is the path that takes longer it gives the estimate from before it did.
  mutating func judgeWait(hasLost: Bool, at now: Instant) -> Double? {
    sharedQueue.update(wait: queue.value, at: now)
    if hasLost, sharedQueue.yields(roundTrip, at: now) {
      delayBased.set(delayBased.bitrate * Self.yieldShare, at: now)
    }
    let isStanding = queue.isOfOthers(at: now) && lossBased.inherentLoss < Self.ownLossLimit
    guard let base = queue.least,
      let verdict = delayTrial.update(
        base: base, isApplicationLimited: isApplicationLimited,
        isStanding: isStanding, isShared: sharedQueue.isShared, at: now)
    else { return nil }
    let wasShared = sharedQueue.isShared
    let isLonger = sharedQueue.judge(verdict, isStanding: isStanding, at: now)
    if wasShared, !sharedQueue.isShared { queue.claim() }
    guard isLonger else { return nil }
    queue.forgetLeast()
    return quietEstimate
  }

  mutating func measureTimes(_ results: [TransportPacketResult], at now: Instant) {
    var least: Duration?
    var newest: Instant?
    for result in results {
      guard let arrivedAt = result.arrivedAt else { continue }
      let time = arrivedAt - result.sentAt
      least = min(least ?? time, time)
      newest = max(newest ?? result.sentAt, result.sentAt)
    }
    if let least { queue.update(least, packetCount: results.count, at: now) }
    if let newest {
      let sample = min(max(now - newest, .milliseconds(1)), .seconds(5))
      roundTrip = (roundTrip * 7 + sample) / 8
    }
  }

  mutating func follow(
    _ usage: DelayTrend.Usage, _ probed: ProbeEstimator.Result?, at now: Instant,
    events: inout [Event]
  ) {
    // What the path loses anyway has still crossed the bottleneck or left room there.
    let share = max(1 - lossBased.inherentLoss, 0.5)
    let passed = acknowledged.bitrate.map { $0 / share }
    let hasQueue =
      queue.value > Self.probeQueue && !queue.isOfOthers(at: now) && !sharedQueue.isShared
    let usage = sharedQueue.isShared && usage == .overuse ? .normal : usage
    if let probed, queue.value < Self.probeQueue || probed.bitrate < delayBased.bitrate {
      delayBased.set(carried(probed, share, at: now), at: now)
      acknowledged.expectChange()
      lastProbed = now
    } else if !isByProbe(usage, at: now) {
      let capacity = hasQueue ? recentArrivals.bitrate.map { $0 / share } : nil
      if hadRoom(at: now), !sharedQueue.isShared, noticesBurst(usage, capacity, at: now) {
        followBurst(usage, passed, at: now)
      } else {
        delayBased.update(
          usage, acknowledged: passed, roundTrip: roundTrip, capacity: capacity,
          isShared: sharedQueue.isShared, at: now)
      }
    }
    lossBased.update(
      delayBased: delayBased.bitrate,
      acknowledged: isApplicationLimited ? nil : acknowledged.bitrate)
    if usage == .overuse || queue.value > Self.quietDelay {
      quietSince = nil
    } else {
      quietSince = quietSince ?? now
      quietEstimate = estimate
    }
    applicationLimit.advance(to: now, target: target)
    settle(at: now, events: &events)
    if let probed { tell(probes.found(probed, view(at: now), at: now), &events) }
    tell(probes.advance(view(at: now), at: now), &events)
  }

  /// Whether what arrived of late was less than what could have been sent, and so says nothing of the path.
  private func hadRoom(at now: Instant) -> Bool {
    guard let last = applicationLimit.lastSpare else { return false }
    return now - last < AcknowledgedBitrate.memory + roundTrip
  }

  /// Whether the delay has grown of late while less was sent than may be: a few packets sent at once do that.
  private mutating func noticesBurst(
    _ usage: DelayTrend.Usage, _ capacity: Double?, at now: Instant
  ) -> Bool {
    if usage == .overuse { lastBurst = now }
    if queue.value > Self.probeQueue { lastQueued = (capacity ?? delayBased.bitrate, now) }
    return lastBurst.map { now - $0 < roundTrip + Self.burstMemory } ?? false
  }

  /// If the path carries less than a burst was sent with, it queues, before or after the growth is noticed, and what arrives
  /// then is what the path carries. Else the bitrate stays where the burst has shown about as much.
  private mutating func followBurst(
    _ usage: DelayTrend.Usage, _ passed: Double?, at now: Instant
  ) {
    if let queued = lastQueued, now - queued.at < roundTrip + Self.burstMemory {
      lastBurst = nil
      delayBased.update(
        .overuse, acknowledged: queued.bitrate, roundTrip: roundTrip, capacity: queued.bitrate,
        at: now)
    } else if usage == .overuse,
      recentArrivals.bitrate ?? 0 < delayBased.bitrate * Self.carriedShare
    {
      delayBased.update(
        .overuse, acknowledged: max(passed ?? 0, delayBased.bitrate), roundTrip: roundTrip,
        capacity: nil, at: now)
    }
  }

  /// What the path carried of a probe and of what was sent beside it, as sound is, which makes a probe seem to find less.
  private func carried(
    _ probed: ProbeEstimator.Result, _ share: Double, at now: Instant
  ) -> Double {
    guard probed.bitrate < delayBased.bitrate, hadRoom(at: now),
      let arriving = recentArrivals.bitrate
    else { return probed.bitrate }
    let all = ProbeEstimator.caution * arriving / share
    return max(probed.bitrate, min(all, delayBased.bitrate))
  }

  /// Whether the delay grows for no other reason than a probe that has just told what the path carries.
  func isByProbe(_ usage: DelayTrend.Usage, at now: Instant) -> Bool {
    guard usage == .overuse, queue.value < Self.probeQueue, let lastProbed else { return false }
    return now - lastProbed < roundTrip + Self.burstMemory
  }

  /// Less while a queue drains, so that it is gone within about a second.
  func drainFactor(at now: Instant) -> Double {
    guard !queue.isOfOthers(at: now), !sharedQueue.isShared else { return 1 }
    let excess = queue.value.seconds.clamped(to: 0...10) - Self.drainStart
    return excess > 0 ? max(0.5, 1 - excess * 1.5) : 1
  }

  mutating func settle(at now: Instant, events: inout [Event]) {
    let allowed =
      gap.hasHeard
      ? min(estimate, reportBased.limit(at: now)) * drainFactor(at: now)
      : reportBased.bitrate(at: now)
    target = min(allowed, delayTrial.limit ?? .infinity).clamped(to: range)
    guard abs(target - lastToldTarget) >= lastToldTarget * Self.changeShare else { return }
    lastToldTarget = target
    events.append(.targetChanged(targetBitrate))
  }

  func tell(_ clusters: [ProbeCluster], _ events: inout [Event]) {
    for cluster in clusters { events.append(.probe(cluster)) }
  }
}
