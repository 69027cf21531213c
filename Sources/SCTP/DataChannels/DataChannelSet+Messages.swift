public import Wire

extension DataChannelSet {
  /// Sends a message on an open channel.
  public func send(
    _ message: DataChannelMessage, on id: DataChannelID, at now: Instant, into outbox: Outbox,
    events: inout [Event]
  ) throws(DataChannelError) {
    guard let channel = channels[id], channel.state == .open, let stream = channel.stream else {
      throw .notOpen
    }
    guard maximumMessageSize == 0 || message.bytes.count <= maximumMessageSize else {
      throw .messageTooLong
    }
    var delivery = channel.options.delivery
    // Nothing overtakes the announcement (RFC 8832 §6).
    if !channel.isAcknowledged { delivery.isOrdered = true }
    do throws(SCTPSendError) {
      try association.send(
        message.carried(on: stream), delivery: delivery, at: now, into: outbox,
        events: &associationEvents)
    } catch {
      switch error {
      case .bufferFull: throw .bufferFull
      case .tooLong: throw .messageTooLong
      case .closing, .noSuchStream, .empty: throw .notOpen
      }
    }
    channels[id]?.statistics.messagesSent &+= 1
    channels[id]?.statistics.bytesSent &+= UInt64(message.bytes.count)
    settle(at: now, into: outbox, events: &events)
  }

  /// Turns what the association reported into what the owner should know; acting on it may bring more.
  func settle(at now: Instant, into outbox: Outbox, events: inout [Event]) {
    while !associationEvents.isEmpty {
      let new = associationEvents
      associationEvents = []
      for event in new { handle(event, at: now, into: outbox, events: &events) }
    }
  }

  private func handle(
    _ event: SCTPAssociation.Event, at now: Instant, into outbox: Outbox, events: inout [Event]
  ) {
    guard phase != .ended else { return }
    switch event {
    case .connected: associationConnected(at: now, into: outbox, events: &events)
    // The other side has lost everything, channels too.
    case .restarted: forgetAll(events: &events)
    case .message(let message): receive(message, at: now, into: outbox, events: &events)
    case .incomingStreamsReset(let streams):
      for stream in streams.isEmpty ? idByStream.keys.sorted() : streams {
        incomingReset(stream, at: now, into: outbox, events: &events)
      }
    case .outgoingStreamsReset(let streams):
      for stream in streams { outgoingReset(stream, at: now, into: outbox, events: &events) }
    case .outgoingResetFailed(let streams):
      for stream in streams { outgoingResetFailed(stream, events: &events) }
    case .bufferedAmountLow(let stream):
      // The establishment protocol's own messages are none of the application's.
      guard let id = idByStream[stream], let channel = channels[id], channel.state == .open,
        channel.statistics.messagesSent > 0
      else { return }
      events.append(.bufferedAmountLow(id))
    case .closed: end(events: &events)
    case .failed(let error):
      end(events: &events)
      events.append(.failed(error))
    }
  }

  /// Takes a message from the other side, or keeps it until its channel is known.
  func receive(
    _ message: SCTPMessage, at now: Instant, into outbox: Outbox, events: inout [Event]
  ) {
    let stream = message.stream
    guard let id = idByStream[stream], let channel = channels[id] else {
      if message.identifier == .establishment {
        return receiveControl(message, at: now, into: outbox, events: &events)
      }
      return hold(message, at: now, into: outbox, events: &events)
    }
    if channel.state == .closing {
      // After the other side's reset it means another channel; before, one that nobody listens to.
      if channel.isIncomingReset { hold(message, at: now, into: outbox, events: &events) }
      return
    }
    if message.identifier == .establishment {
      return receiveControl(message, at: now, into: outbox, events: &events)
    }
    guard channel.state == .open, let content = DataChannelMessage(message) else { return }
    channels[id]?.isAcknowledged = true
    channels[id]?.statistics.messagesReceived &+= 1
    channels[id]?.statistics.bytesReceived &+= UInt64(content.bytes.count)
    events.append(.message(id, content))
  }

  private func hold(
    _ message: SCTPMessage, at now: Instant, into outbox: Outbox, events: inout [Event]
  ) {
    guard !held.hold(message, limits) else { return }
    refuse(message.stream, at: now, into: outbox, events: &events)
  }
}
