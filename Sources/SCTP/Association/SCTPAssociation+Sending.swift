internal import Wire

extension SCTPAssociation {
  /// Takes an acknowledgement of our data.
  func receive(_ sack: SelectiveAcknowledgement, at now: Instant) {
    if sending.receive(sack, at: now) { heartbeats.postpone(at: now) }
  }

  /// Sends all that may be sent now, and tells what changed.
  func finish(at now: Instant, into outbox: Outbox, events: inout [Event]) {
    guard !isOver else { return }
    beginResets(at: now, events: &events)
    advanceShutdown(at: now)
    flush(at: now, into: outbox)
    // What was just sent may have been the last of a stream that is to be reset.
    beginResets(at: now, events: &events)
    if !control.isEmpty { flush(at: now, into: outbox) }
    updateDeadline()
    for stream in sending.queue.takeLowStreams() {
      events.append(.bufferedAmountLow(stream: stream))
    }
  }

  /// Finds the earliest of all timers.
  func updateDeadline() {
    var earliest = retry.deadline
    func consider(_ instant: Instant?) {
      guard let instant else { return }
      earliest = min(earliest ?? instant, instant)
    }
    consider(receiving?.acknowledging.deadline)
    if isCarryingData {
      consider(sending.nextDeadline())
      consider(resets.deadline)
      if mayAskForLife { consider(heartbeats.deadline) }
    }
    deadline = earliest
  }
}

extension SendingSide {
  /// `deadline`, read in place: a class's property would be copied for a computed one.
  fileprivate mutating func nextDeadline() -> Instant? { deadline }
}
