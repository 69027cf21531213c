internal import Wire

extension BottleneckModel {
  private static let cautiousGain = 1.25
  private static let drainGain = 0.5
  private static let upGain = 1.25
  private static let downGain = 0.9
  /// The path without a queue is looked for this often, for this long.
  private static let roundTripInterval = Duration.seconds(5)
  private static let roundTripTime = Duration.milliseconds(200)
  /// Probing comes after as many rounds as halving would take to come back, at most these.
  private static let roundLimit = 63

  mutating func updatePhase(_ progress: AcknowledgementProgress, isRoundStart: Bool) {
    let inFlight = Double(progress.inFlight)
    switch phase {
    case .startup:
      if fullPipe.isReached {
        if fullPipe.wasCongested { longTermInFlight = max(product, signals.inFlight) }
        overshootEnd = progress.nextPacket
        enter(.drain, gain: Self.drainGain, at: progress.now)
      } else {
        // Where the round trip grows the end is near: doubling on would overflow the queue.
        pacingGain =
          signals.hasGrowingQueue(shortestRoundTrip.duration) ? Self.cautiousGain : Self.startupGain
      }
    case .drain:
      if inFlight <= self.inFlight(gain: 1) { enterDown(at: progress.now) }
    case .down:
      adaptLongTermBound(progress)
      if isTimeToProbe(at: progress.now) {
        enterRefill(at: progress.now)
      } else if inFlight <= min(self.inFlight(gain: 1), longTermInFlight * Self.headroom) {
        enter(.cruise, gain: 1, at: progress.now)
      }
    case .cruise:
      adaptLongTermBound(progress)
      if isTimeToProbe(at: progress.now) { enterRefill(at: progress.now) }
    case .refill:
      adaptLongTermBound(progress)
      if isRoundStart {
        probeStep = Double(packetSize)
        enter(.up, gain: Self.upGain, at: progress.now)
      }
    case .up:
      probeUp(progress, isRoundStart: isRoundStart)
    case .probeRoundTrip:
      finishRoundTripProbe(progress)
    }
    considerRoundTripProbe(at: progress.now)
  }

  private mutating func enter(_ phase: Phase, gain: Double, at now: Instant) {
    self.phase = phase
    phaseStart = now
    pacingGain = gain
  }

  // MARK: Probing for more

  private mutating func enterDown(at now: Instant) {
    enter(.down, gain: Self.downGain, at: now)
    probeStart = now
    roundsSinceProbe = 0
    // Two flows that began together are not to probe together for ever.
    probeWait = .milliseconds(2000 + Int64(bitPattern: UInt64(round.end) &* 0x9e37_79b9) & 1023)
    bandwidth.beginCycle()
  }

  private mutating func enterRefill(at now: Instant) {
    forgetShortTermBounds()
    enter(.refill, gain: 1, at: now)
  }

  private func isTimeToProbe(at now: Instant) -> Bool {
    let packets = min(product / Double(packetSize), Double(Self.roundLimit))
    return now - probeStart > probeWait || Double(roundsSinceProbe) >= max(packets, 4)
  }

  private mutating func probeUp(_ progress: AcknowledgementProgress, isRoundStart: Bool) {
    if isTooMuchLost(progress) {
      let target = min(inFlight(gain: 1), longTermInFlight)
      longTermInFlight = max(Double(progress.rate.inFlightAtSend), target * Self.headroom)
      overshootEnd = progress.nextPacket
      return enterDown(at: progress.now)
    }
    raiseLongTermBound(progress, isRoundStart: isRoundStart)
    let isLongEnough = progress.now - phaseStart > shortestRoundTrip.duration
    if isLongEnough, Double(progress.inFlight) > inFlight(gain: Self.upGain) {
      enterDown(at: progress.now)
    } else if progress.now - phaseStart > shortestRoundTrip.duration * 8 {
      // The application does not give enough, or the window is the other side's.
      enterDown(at: progress.now)
    }
  }

  /// More was lost than a bottleneck that is shared well would lose.
  private func isTooMuchLost(_ progress: AcknowledgementProgress) -> Bool {
    let sample = progress.rate
    guard sample.lost > 0 else { return false }
    let limit =
      signals.hasQueue(shortestRoundTrip.duration)
      ? RoundSignals.lossLimit : RoundSignals.lossLimitWithoutQueue
    return Double(sample.lost) > Double(max(sample.inFlightAtSend, packetSize * 10)) * limit
  }

  private mutating func adaptLongTermBound(_ progress: AcknowledgementProgress) {
    guard longTermInFlight.isFinite, !isTooMuchLost(progress) else { return }
    longTermInFlight = max(longTermInFlight, Double(progress.rate.inFlightAtSend))
  }

  private mutating func raiseLongTermBound(
    _ progress: AcknowledgementProgress, isRoundStart: Bool
  ) {
    guard longTermInFlight.isFinite else { return }
    adaptLongTermBound(progress)
    guard progress.isWindowLimited else { return }
    longTermInFlight += probeStep * Double(progress.byteCount) / Double(max(window, 1))
    if isRoundStart { probeStep = min(probeStep * 2, Double(window)) }
  }

  // MARK: Probing for the round trip

  private mutating func considerRoundTripProbe(at now: Instant) {
    guard phase != .probeRoundTrip, phase != .startup,
      shortestRoundTrip.isStale(at: now, after: Self.roundTripInterval)
    else { return }
    enter(.probeRoundTrip, gain: 1, at: now)
    shortestRoundTrip.beginProbe()
  }

  private mutating func finishRoundTripProbe(_ progress: AcknowledgementProgress) {
    let time = max(Self.roundTripTime, progress.smoothedRoundTrip)
    guard progress.now - phaseStart >= time else { return }
    shortestRoundTrip.endProbe(at: progress.now)
    forgetShortTermBounds()
    if fullPipe.isReached {
      enterDown(at: progress.now)
      enter(.cruise, gain: 1, at: progress.now)
    } else {
      enter(.startup, gain: Self.startupGain, at: progress.now)
    }
  }
}
