internal import Wire

extension SCTPAssociation {
  /// Takes the requests and answers of a RE-CONFIG (RFC 6525 §5.2).
  func receive(
    _ chunk: Reconfiguration, at now: Instant, into outbox: Outbox, events: inout [Event]
  ) {
    for parameter in chunk.parameters {
      switch parameter {
      case .outgoingReset(let request): perform(request, into: outbox, events: &events)
      case .addOutgoingStreams(let number, let count): addStreams(count, number: number)
      case .otherRequest(let number): settle(number) { .denied }
      case .response(let response): settle(response, at: now, events: &events)
      }
      if isOver { return }
    }
  }

  // MARK: The other side's resets

  private func perform(
    _ request: Reconfiguration.OutgoingReset, into outbox: Outbox, events: inout [Event]
  ) {
    let isRepeated = request.number == resets.expectedNumber &- 1
    guard isRepeated || request.number == resets.expectedNumber else {
      return answer(request.number, .badSequenceNumber)
    }
    if isRepeated, resets.newestResult != .inProgress {
      return answer(request.number, resets.newestResult)
    }
    guard receiving?.isFree(for: request) == true else {
      // Another one is waiting for its data: this one's turn comes when it is repeated.
      return answer(request.number, .inProgress)
    }
    do throws(ReceivingSide.Failure) {
      let result = try receiving?.perform(request, events: &events) ?? .denied
      if !isRepeated { resets.expectedNumber &+= 1 }
      resets.newestResult = result
      answer(request.number, result)
    } catch {
      end(for: error, tsn: request.lastTSN, into: outbox, events: &events)
    }
  }

  /// Answers a request that takes no time: by `decide` where it is new, otherwise as before.
  private func settle(_ number: UInt32, _ decide: () -> Reconfiguration.Response.Result) {
    guard number == resets.expectedNumber else {
      let isRepeated = number == resets.expectedNumber &- 1
      return answer(number, isRepeated ? resets.newestResult : .badSequenceNumber)
    }
    resets.expectedNumber &+= 1
    resets.newestResult = decide()
    answer(number, resets.newestResult)
  }

  /// The other side wants to send on more streams (RFC 6525 §5.2.5): some begin with few.
  private func addStreams(_ count: UInt16, number: UInt32) {
    settle(number) {
      let total = Int(negotiatedIncomingStreams) + Int(count)
      guard count > 0, total <= Int(options.maximumStreams) else { return .denied }
      negotiatedIncomingStreams = UInt16(clamping: total)
      receiving?.streamCount = negotiatedIncomingStreams
      return .performed
    }
  }

  /// Tells the other side, without being asked again, that a reset that waited is performed.
  func queuePerformedReset() {
    guard let number = receiving?.takePerformedResetNumber() else { return }
    if number == resets.expectedNumber &- 1 { resets.newestResult = .performed }
    answer(number, .performed)
  }

  private func answer(_ number: UInt32, _ result: Reconfiguration.Response.Result) {
    guard control.count < 8 else { return }
    let chunk = Reconfiguration([.response(.init(number: number, result: result))])
    queueControl(capacity: chunk.byteCount) { $0.append(chunk) }
  }

  // MARK: Ours

  /// Asks for the resets whose streams have sent all they had.
  func beginResets(at now: Instant, events: inout [Event]) {
    guard state == .established, resets.isWaiting else { return }
    guard peerCapabilities.contains(.reconfiguration) else { return failResets(events: &events) }
    guard
      let chunk = resets.begin(
        lastTSN: sending.lastAssignedTSN, timeout: sending.timeout.duration, at: now,
        ready: sending.queue.streamsReadyForReset)
    else { return }
    queueControl(capacity: chunk.byteCount) { $0.append(chunk) }
  }

  /// Sends a request again that was not answered.
  func advanceResets(to now: Instant) {
    guard let chunk = resets.expire(at: now) else { return }
    sending.errorCount += 1
    queueControl(capacity: chunk.byteCount) { $0.append(chunk) }
  }

  private func settle(
    _ response: Reconfiguration.Response, at now: Instant, events: inout [Event]
  ) {
    let streams = resets.receive(response, timeout: sending.timeout.duration, at: now)
    guard !streams.isEmpty else { return }
    sending.errorCount = 0
    switch response.result {
    case .performed, .nothingToDo:
      sending.queue.finishReset(of: streams, wasPerformed: true)
      events.append(.outgoingStreamsReset(streams))
    case .denied, .wrongStream, .requestInProgress, .badSequenceNumber, .inProgress:
      sending.queue.finishReset(of: streams, wasPerformed: false)
      events.append(.outgoingResetFailed(streams))
    }
  }

  /// The other side cannot reset streams.
  func failResets(events: inout [Event]) {
    let streams = resets.takeAll()
    guard !streams.isEmpty else { return }
    sending.queue.finishReset(of: streams, wasPerformed: false)
    events.append(.outgoingResetFailed(streams))
  }
}
