public import Wire

extension DataChannelSet {
  /// Opens a channel; before the association stands it waits for it.
  public func open(
    _ options: DataChannelOptions, at now: Instant, into outbox: Outbox, events: inout [Event]
  ) throws(DataChannelError) -> DataChannelID {
    guard phase != .ended else { throw .ended }
    guard options.maximumRetransmissions == nil || options.maximumLifetime == nil,
      options.negotiatedStream != .max, DataChannelOpen(options).bytes != nil
    else { throw .invalidOptions }
    guard channels.count < limits.channels else { throw .tooManyChannels }
    let stream = try stream(for: options)
    let id = add(Channel(options: options))
    if let stream { assign(stream, to: id) }
    if phase == .connected {
      announce(id, at: now, into: outbox, events: &events)
      settle(at: now, into: outbox, events: &events)
    }
    return id
  }

  /// The stream for a new channel; `nil` where it cannot be told yet.
  private func stream(for options: DataChannelOptions) throws(DataChannelError) -> UInt16? {
    if let stream = options.negotiatedStream {
      guard idByStream[stream] == nil else { throw .streamInUse }
      guard phase != .connected || stream < usableStreams else { throw .tooManyChannels }
      return stream
    }
    guard parity != nil else { return nil }
    guard let stream = freeStream() else { throw .tooManyChannels }
    return stream
  }

  /// The number of streams that there are both ways, as far as that is known.
  private var usableStreams: UInt16 {
    guard phase == .connected else { return streamLimit }
    return min(association.negotiatedOutgoingStreams, association.negotiatedIncomingStreams)
  }

  /// The lowest stream that is ours to open and not used.
  private func freeStream() -> UInt16? {
    guard let parity else { return nil }
    return stride(from: parity, to: usableStreams, by: 2).first {
      idByStream[$0] == nil && !held.holds($0)
    }
  }

  /// Gives the channels that were opened before it their streams, now that the role is known.
  func takeRole(isDTLSClient: Bool, events: inout [Event]) {
    parity = isDTLSClient ? 0 : 1
    for id in ids where channels[id]?.stream == nil {
      if let stream = freeStream() { assign(stream, to: id) } else { forget(id, events: &events) }
    }
  }

  func add(_ channel: Channel) -> DataChannelID {
    repeat { lastID &+= 1 } while channels[DataChannelID(rawValue: lastID)] != nil
    let id = DataChannelID(rawValue: lastID)
    channels[id] = channel
    labelByteCount += channel.labelByteCount
    return id
  }

  func assign(_ stream: UInt16, to id: DataChannelID) {
    guard let channel = channels[id] else { return }
    channels[id]?.stream = stream
    idByStream[stream] = id
    association.setPriority(channel.options.priority, of: stream)
    association.setBufferedAmountLowThreshold(channel.lowThreshold, of: stream)
  }

  /// Opens everything that waited for the association.
  func associationConnected(
    at now: Instant, into outbox: Outbox, events: inout [Event]
  ) {
    phase = .connected
    events.append(.connected)
    for id in ids where channels[id]?.state == .connecting {
      if let stream = channels[id]?.stream, stream < usableStreams {
        announce(id, at: now, into: outbox, events: &events)
      } else {
        forget(id, events: &events)
      }
    }
  }

  /// Tells the other side of a channel of ours, if it does not know already, and begins.
  private func announce(
    _ id: DataChannelID, at now: Instant, into outbox: Outbox, events: inout [Event]
  ) {
    guard let channel = channels[id], let stream = channel.stream else { return }
    if channel.options.negotiatedStream != nil {
      channels[id]?.isAcknowledged = true
    } else if let bytes = DataChannelOpen(channel.options).bytes {
      guard sendControl(bytes, on: stream, at: now, into: outbox) else {
        return forget(id, events: &events)
      }
    }
    begin(id, at: now, into: outbox, events: &events)
  }

  /// A channel is open; what came for it too early is told after that.
  private func begin(
    _ id: DataChannelID, at now: Instant, into outbox: Outbox, events: inout [Event]
  ) {
    guard let channel = channels[id], let stream = channel.stream else { return }
    channels[id]?.state = .open
    openedCount &+= 1
    events.append(.opened(id, isIncoming: channel.isIncoming))
    for message in held.take(stream).messages {
      receive(message, at: now, into: outbox, events: &events)
    }
  }

  func sendControl(
    _ bytes: [UInt8], on stream: UInt16, at now: Instant, into outbox: Outbox
  ) -> Bool {
    let message = SCTPMessage(stream: stream, identifier: .establishment, payload: bytes)
    do {
      try association.send(
        message, delivery: SCTPDelivery(), at: now, into: outbox, events: &associationEvents)
      return true
    } catch {
      return false
    }
  }

  // MARK: The other side's

  /// Takes a message of the establishment protocol (RFC 8832 §6, §7).
  func receiveControl(
    _ message: SCTPMessage, at now: Instant, into outbox: Outbox, events: inout [Event]
  ) {
    let stream = message.stream
    switch message.payload.first {
    case DataChannelAcknowledgement.messageType:
      if let id = idByStream[stream] { channels[id]?.isAcknowledged = true }
      return
    case DataChannelOpen.messageType: break
    default: return
    }
    if let id = idByStream[stream] {
      // An announcement where there is a channel: that one is what both sides disagree on.
      return giveUp(id, at: now, into: outbox, events: &events)
    }
    let opening = try? DataChannelOpen(parsing: message.payload.span)
    guard let opening, stream % 2 != parity, stream < usableStreams,
      let byteCount = admissibleLabelByteCount(message, opening)
    else { return refuse(stream, at: now, into: outbox, events: &events) }
    let id = add(
      Channel(
        options: opening.options, isIncoming: true, isAcknowledged: true,
        labelByteCount: byteCount))
    assign(stream, to: id)
    _ = sendControl(DataChannelAcknowledgement.bytes, on: stream, at: now, into: outbox)
    begin(id, at: now, into: outbox, events: &events)
  }

  /// The bytes of an announcement that would be kept; `nil` where there is no room for another channel.
  private func admissibleLabelByteCount(_ message: SCTPMessage, _ opening: DataChannelOpen) -> Int?
  {
    let byteCount = opening.options.label.utf8.count + opening.options.protocolName.utf8.count
    guard channels.count < limits.channels, byteCount <= limits.labelByteCount,
      labelByteCount + byteCount <= limits.totalLabelByteCount
    else { return nil }
    return byteCount
  }
}
