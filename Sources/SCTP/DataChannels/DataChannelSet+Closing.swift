public import Wire

extension DataChannelSet {
  /// Closes a channel once what is queued was delivered (RFC 8831 §6.7). `closed` tells the end of it; nothing
  /// arrives until then.
  public func close(
    _ id: DataChannelID, at now: Instant, into outbox: Outbox, events: inout [Event]
  ) {
    guard let channel = channels[id], channel.isAnnounced else { return }
    switch channel.state {
    case .connecting: forget(id, events: &events)
    case .open:
      beginClosing(id, at: now, into: outbox)
      settle(at: now, into: outbox, events: &events)
    case .closing, .closed: break
    }
  }

  private func beginClosing(_ id: DataChannelID, at now: Instant, into outbox: Outbox) {
    guard let stream = channels[id]?.stream else { return }
    channels[id]?.state = .closing
    association.resetStreams([stream], at: now, into: outbox, events: &associationEvents)
  }

  /// Closes a channel on which the other side did what it must not.
  func giveUp(
    _ id: DataChannelID, at now: Instant, into outbox: Outbox, events: inout [Event]
  ) {
    guard let channel = channels[id], channel.state == .open else { return }
    if channel.isAnnounced { events.append(.closing(id)) }
    beginClosing(id, at: now, into: outbox)
  }

  /// Resets a stream that no channel may be on, and takes nothing more on it until the other side has done
  /// the same.
  func refuse(
    _ stream: UInt16, at now: Instant, into outbox: Outbox, events: inout [Event]
  ) {
    guard idByStream[stream] == nil else { return }
    _ = held.take(stream)
    let id = add(
      Channel(options: DataChannelOptions(), isIncoming: true, isAnnounced: false))
    assign(stream, to: id)
    beginClosing(id, at: now, into: outbox)
  }

  /// The other side has closed its half.
  func incomingReset(
    _ stream: UInt16, at now: Instant, into outbox: Outbox, events: inout [Event]
  ) {
    guard let id = idByStream[stream], let channel = channels[id] else {
      _ = held.take(stream)
      return
    }
    // The second one is that of the next channel on the stream, which we do not know of yet.
    if channel.isIncomingReset { return held.noteReset(of: stream) }
    channels[id]?.isIncomingReset = true
    switch channel.state {
    case .open: giveUp(id, at: now, into: outbox, events: &events)
    case .closing: finishClosing(id, at: now, into: outbox, events: &events)
    case .connecting, .closed: break
    }
  }

  /// Our half is closed. Where the other side would not have it, the stream is never used again.
  func outgoingReset(
    _ stream: UInt16, at now: Instant, into outbox: Outbox, events: inout [Event]
  ) {
    guard let id = idByStream[stream] else { return }
    channels[id]?.isOutgoingReset = true
    finishClosing(id, at: now, into: outbox, events: &events)
  }

  /// The other side refused to have our half closed: the application's channel is over all the same, and
  /// its stream stays taken.
  func outgoingResetFailed(_ stream: UInt16, events: inout [Event]) {
    guard let id = idByStream[stream], let channel = channels[id], channel.isAnnounced else {
      return
    }
    forget(id, events: &events)
    var remains = Channel(options: DataChannelOptions(), isAnnounced: false)
    remains.state = .closing
    let remainder = add(remains)
    channels[remainder]?.stream = stream
    idByStream[stream] = remainder
  }

  /// A stream is free once both halves are closed, and not before: the other side may use it for another channel
  /// as soon as that is so, and what it sends there before we know is held.
  private func finishClosing(
    _ id: DataChannelID, at now: Instant, into outbox: Outbox, events: inout [Event]
  ) {
    guard let channel = channels[id], let stream = channel.stream, channel.state == .closing,
      channel.isIncomingReset, channel.isOutgoingReset
    else { return }
    forget(id, events: &events)
    let next = held.take(stream)
    for message in next.messages { receive(message, at: now, into: outbox, events: &events) }
    if next.isReset { incomingReset(stream, at: now, into: outbox, events: &events) }
  }

  /// Lets go of a channel, and tells whom it concerns.
  func forget(_ id: DataChannelID, events: inout [Event]) {
    guard let channel = channels.removeValue(forKey: id) else { return }
    labelByteCount -= channel.labelByteCount
    if let stream = channel.stream { idByStream[stream] = nil }
    guard channel.isAnnounced else { return }
    if channel.state != .connecting { closedCount &+= 1 }
    events.append(.closed(id))
  }

  /// No association, no channels.
  func end(events: inout [Event]) {
    phase = .ended
    forgetAll(events: &events)
  }

  func forgetAll(events: inout [Event]) {
    for id in ids { forget(id, events: &events) }
    channels = [:]
    idByStream = [:]
    held = HeldMessages()
  }
}
