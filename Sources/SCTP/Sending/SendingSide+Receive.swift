internal import Wire

extension SendingSide {
  /// A SACK with so many gap blocks may have left some out: stacks in the field stop at 20.
  private static let fullBlockCount = 16

  /// Takes a SACK (RFC 9260 §6.2.1). False where it is older than what is known, or cannot be true:
  /// then nothing changes.
  @discardableResult
  mutating func receive(_ sack: SelectiveAcknowledgement, at now: Instant) -> Bool {
    guard let (cumulative, blocks) = validate(sack) else { return false }
    let priorInFlight = outstanding.inFlightByteCount
    let isNew = cumulative > outstanding.cumulative
    var delivery = Delivery()
    while outstanding.cumulative < cumulative,
      let chunk = outstanding.releaseOldest(&delivery)
    {
      release(chunk)
    }
    for block in blocks { outstanding.deliver(block, &delivery) }
    advertisedWindow = Int(sack.advertisedWindow)
    acknowledgementHorizon =
      blocks.count < Self.fullBlockCount ? .max : blocks.last?.upperBound ?? cumulative
    // An answer to a window probe is a sign of life, though it acknowledges nothing (RFC 9260 §6.1 A).
    if delivery.count > 0 || isNew || advertisedWindow < options.maximumPacketSize {
      errorCount = 0
    }
    let roundTrip = measure(delivery, at: now)
    noteFalseLosses(delivery, hasDuplicates: !sack.duplicates.isEmpty)
    if outstanding.hasReneged { takeBack(except: blocks) }
    detection.note(
      delivery, isOutOfOrder: outstanding.acknowledgedCount > 0,
      minimumRoundTrip: leastRoundTrip, at: now)
    noteProbe(delivery, hasDuplicates: !sack.duplicates.isEmpty, at: now)
    detectLosses(at: now)
    grow(delivery, roundTrip, priorInFlight: priorInFlight, at: now)
    updateTimers(isNew: isNew, at: now)
    forwarding.noteAcknowledgement(outstanding, at: now, interval: smoothedRoundTrip)
    advanceForwarding()
    if queue.hasRefused, bufferedByteCount <= options.sendBufferLimit / 2 { queue.noteRoom() }
    return true
  }

  /// The SACK in sequence numbers, if it tells of chunks that were sent, in order and without overlaps.
  private mutating func validate(
    _ sack: SelectiveAcknowledgement
  ) -> (cumulative: Int64, blocks: [ClosedRange<Int64>])? {
    let cumulative = outstanding.sequence(of: sack.cumulativeTSN)
    guard isStarted, cumulative < outstanding.next else {
      metrics.invalidAcknowledgementCount += 1
      return nil
    }
    guard cumulative >= outstanding.cumulative else {
      metrics.staleAcknowledgementCount += 1
      return nil
    }
    var blocks: [ClosedRange<Int64>] = []
    blocks.reserveCapacity(sack.gapBlocks.count)
    // The chunk after the cumulative TSN is missing, or the TSN would be further.
    var least = cumulative + 2
    for block in sack.gapBlocks {
      let start = cumulative + Int64(block.start)
      let end = cumulative + Int64(block.end)
      guard least <= start, start <= end, end < outstanding.next else {
        metrics.invalidAcknowledgementCount += 1
        return nil
      }
      blocks.append(start...end)
      least = end + 1
    }
    return (cumulative, blocks)
  }

  /// Takes the round trip, of chunks that were sent once only (Karn's rule, RFC 9260 §6.3.1 C5).
  private mutating func measure(_ delivery: Delivery, at now: Instant) -> Duration? {
    guard let newest = delivery.newest, newest.transmissionCount == 1 else { return nil }
    let roundTrip = now - newest.sentAt
    timeout.measure(roundTrip)
    minimumRoundTrip.measure(roundTrip, at: now)
    return roundTrip
  }

  private mutating func release(_ chunk: OutstandingChunk) {
    if chunk.state != .abandoned { outstandingByteCount -= chunk.byteCount }
    queue.messages[chunk.message].outstandingCount -= 1
    let message = queue.messages[chunk.message]
    if message.outstandingCount == 0, message.remainingByteCount == 0 || message.isAbandoned {
      queue.messages.remove(chunk.message)
    }
  }

  /// Waits longer the next time, where something was taken for lost that was not; after an expiry of
  /// the retransmission timer, goes on as if it had not been.
  private mutating func noteFalseLosses(_ delivery: Delivery, hasDuplicates: Bool) {
    guard let newest = delivery.newest else { return }
    if let undo, delivery.wasFalselyLost {
      congestion = undo
      self.undo = nil
      metrics.falseTimeoutCount += 1
      outstanding.restoreLost()
    } else if delivery.wasFalselyLost || hasDuplicates, acknowledgementHorizon == .max {
      detection.widen(newest: newest.packet, nextPacket: nextPacket)
    }
    // Something new got through after the expiry: whether that was right no longer matters.
    if newest.transmissionCount == 1, newest.packet >= recoveryStart { undo = nil }
  }

  private mutating func takeBack(except blocks: [ClosedRange<Int64>]) {
    var losses = Losses()
    outstanding.takeBack(except: blocks, into: &losses)
    forwarding.startAgain(outstanding.cumulative)
    metrics.renegeCount += 1
  }

  /// Ends the tail-loss probe that something as late as itself was acknowledged of.
  private mutating func noteProbe(_ delivery: Delivery, hasDuplicates: Bool, at now: Instant) {
    guard let packet = probe.packet, let newest = delivery.newest, newest.packet >= packet else {
      return
    }
    // It repaired a loss that nobody else will count (RFC 8985 §7.4.2).
    if probe.repeated != nil, !hasDuplicates { beginRecovery() }
    probe.packet = nil
    probe.repeated = nil
  }

  // MARK: Losses

  /// Looks for chunks that must have been lost by now.
  mutating func detectLosses(at now: Instant) {
    var losses = Losses()
    let window = detection.window(
      minimumRoundTrip: leastRoundTrip, smoothed: smoothedRoundTrip, isRecovering: isRecovering)
    reorderingDeadline = outstanding.loseChunks(
      before: detection.newestPacket, olderThan: detection.roundTrip + window,
      horizon: acknowledgementHorizon,
      allowance: smoothedRoundTrip, at: now, into: &losses)
    guard losses.count > 0 else { return }
    metrics.detectedLossCount += losses.count
    rate.noteLoss(losses.byteCount)
    unreported.add(losses)
    if losses.newestPacket >= recoveryStart { beginRecovery() }
  }

  private mutating func beginRecovery() {
    congestion.reduce()
    recoveryStart = nextPacket
    isRecovering = true
    mayExceedWindow = true
    metrics.recoveryCount += 1
  }

  private mutating func grow(
    _ delivery: Delivery, _ roundTrip: Duration?, priorInFlight: Int, at now: Instant
  ) {
    guard let newest = delivery.newest else { return }
    if isRecovering, newest.packet >= recoveryStart {
      isRecovering = false
      detection.noteRecovered()
    }
    let window = congestion.window
    // Pacing keeps slow start below its window for most of a round trip.
    let isUsed =
      priorInFlight + 3 * options.maximumPacketSize >= window
      || window < congestion.slowStartThreshold && priorInFlight >= window / 2
    congestion.acknowledge(
      AcknowledgementProgress(
        now: now, byteCount: delivery.byteCount, lostByteCount: unreported.byteCount,
        newestLostPacket: unreported.newestPacket,
        priorInFlight: priorInFlight, inFlight: outstanding.inFlightByteCount,
        isWindowLimited: wasWindowLimited || isUsed,
        isRecovering: newest.packet < recoveryStart, roundTrip: roundTrip,
        smoothedRoundTrip: smoothedRoundTrip, minimumRoundTrip: leastRoundTrip,
        newestPacket: newest.packet, nextPacket: nextPacket,
        rate: rate.deliver(
          delivery.byteCount, newest: newest, minimumRoundTrip: leastRoundTrip, at: now)))
    wasWindowLimited = false
    unreported = Losses()
  }

  // MARK: Timers

  private mutating func updateTimers(isNew: Bool, at now: Instant) {
    if outstanding.isEmpty {
      retransmissionDeadline = nil
      reorderingDeadline = nil
      probe.cancel()
      return
    }
    if isNew || retransmissionDeadline == nil {
      retransmissionDeadline = now + timeout.duration
    }
    armProbe(at: now)
  }

  /// Sets the time of the next tail-loss probe, if there is to be one.
  mutating func armProbe(at now: Instant) {
    probe.deadline = nil
    guard let smoothed = timeout.smoothed, outstanding.inFlightCount > 0,
      outstanding.lost.count == 0, !isRecovering, probe.packet == nil,
      advertisedWindow >= options.maximumPacketSize, reorderingDeadline == nil
    else { return }
    let due = now + TailLossProbe.timeout(smoothedRoundTrip: smoothed)
    guard retransmissionDeadline.map({ due < $0 }) ?? true else { return }
    probe.deadline = due
  }

  /// T3-rtx expired (RFC 9260 §6.3.3).
  mutating func expire(at now: Instant) {
    errorCount += 1
    metrics.timeoutCount += 1
    timeout.backOff()
    probe.cancel()
    if timeout.backoffCount == 1 { undo = congestion }
    var losses = Losses()
    outstanding.loseAll(into: &losses)
    rate.noteLoss(losses.byteCount)
    unreported.add(losses)
    congestion.expire()
    recoveryStart = nextPacket
    isRecovering = true
    reorderingDeadline = nil
    pacer.reset()
    forwarding.repeatNow(outstanding)
    retransmissionDeadline = outstanding.isEmpty ? nil : now + timeout.duration
  }
}
