import SCTP
import Session
import Wire

extension Connection {
  /// Tells the application what the session has to say, and does what it asks for.
  func publishEvents(at now: Instant, into outbox: Outbox) {
    // What is done about an event may bring others.
    for _ in 0..<16 {
      let batch = session.takeEvents()
      guard !batch.isEmpty else { break }
      for event in batch { handle(event, at: now, into: outbox) }
    }
    reportReading(at: now, into: outbox)
    noteNames()
    if !brokenPaths.isEmpty { reportBrokenPaths(at: now, into: outbox) }
    wakeWaiters()
  }

  /// On a shared socket or listener, a check is ours if it calls us by one of our names.
  private func noteNames() {
    guard shared != nil || listenerPort != nil else { return }
    let current = session.localUsernameFragments
    guard current != names else { return }
    let old = names
    names = current
    hub.assumeIsolated { [key] hub in
      for name in old { hub.names[name] = nil }
      for name in current { hub.names[name] = key }
    }
  }

  private func handle(_ event: SessionEvent, at now: Instant, into outbox: Outbox) {
    switch event {
    case .negotiationNeeded: events.yield(.negotiationNeeded)
    case .signalingStateChanged(let state): events.yield(.signalingStateChanged(state))
    case .iceGatheringStateChanged(let state):
      events.yield(.iceGatheringStateChanged(state))
    case .iceConnectionStateChanged(let state): events.yield(.iceConnectionStateChanged(state))
    case .connectionStateChanged(let state):
      events.yield(.connectionStateChanged(state))
    case .gatheringNeeded: gather(at: now, into: outbox)
    case .candidate(let candidate): events.yield(.iceCandidate(candidate))
    case .endOfCandidates: events.yield(.iceCandidate(nil))
    case .candidateError(let url, let code, let reason):
      events.yield(.iceCandidateError(url: url, code: code, reason: reason))
    case .resolveName(let name): resolve(name, at: now, into: outbox)
    case .dataChannel(let event): handle(event)
    case .pathValidated(let path):
      if shared != nil { hub.assumeIsolated { [key] in $0.take(path, for: key) } }
    case .pathsClosed(let paths):
      hub.assumeIsolated { [key] hub in
        for path in paths where hub.paths[path] == key { hub.paths[path] = nil }
      }
    case .track(let id):
      if let transceiver = face(of: id) { events.yield(.track(transceiver)) }
    case .trackRemoved(let id): transceivers[id]?.receiver.note(.ended)
    case .transceiverStopped(let id): transceivers.removeValue(forKey: id)?.finish()
    case .media(let event): handle(event)
    }
  }

  private func handle(_ event: DataChannelSet.Event) {
    switch event {
    case .connected, .failed: break
    case .opened(let id, let isIncoming):
      if isIncoming { introduce(id) }
      channels[id]?.note(.opened)
    case .message(let id, let message): deliver(message, to: id)
    case .bufferedAmountLow(let id): channels[id]?.note(.bufferedAmountLow)
    case .closing(let id): channels[id]?.note(.closing)
    case .closed(let id): channels.removeValue(forKey: id)?.note(.closed)
    }
  }

  private func introduce(_ id: DataChannelID) {
    guard let options = session.dataChannelOptions(id) else { return }
    let channel = makeChannel(id, options, state: .connecting)
    events.yield(.dataChannel(channel))
  }

  func makeChannel(
    _ id: DataChannelID, _ options: DataChannelOptions, state: DataChannel.State
  ) -> DataChannel {
    let channel = DataChannel(
      identifier: id, options: options, handle: handle, unread: unread, state: state)
    channels[id] = channel
    return channel
  }

  private func deliver(_ message: DataChannelMessage, to id: DataChannelID) {
    guard let channel = channels[id] else { return }
    switch message.kind {
    case .text: channel.receive(.text(String(decoding: message.bytes, as: UTF8.self)))
    case .binary: channel.receive(.binary(message.bytes))
    }
  }

  // MARK: Messages out

  func isOpen(_ id: DataChannelID) -> Bool { channels[id]?.state == .open }

  /// The longest message that the other side takes and we have room for; nil before it is known.
  var maximumMessageSize: Int? {
    session.maximumDataMessageSize.map { min($0, configuration.sctp.sendBufferLimit) }
  }

  /// Sends a message; false where there is no room for it now.
  func send(
    _ message: DataChannelMessage, on id: DataChannelID, at now: Instant, into outbox: Outbox
  ) throws(RTCError) -> Bool {
    guard isOpen(id) else { throw .channelNotOpen }
    if let limit = maximumMessageSize, message.bytes.count > limit {
      throw .messageTooLong(limit: limit)
    }
    guard !lacksRoom(on: id, for: message.bytes.count) else { return false }
    do throws(DataChannelError) {
      try session.sendData(message, on: id, at: now, into: outbox)
      return true
    } catch {
      if error == .bufferFull { return false }
      throw RTCError(error)
    }
  }

  /// What nobody has read yet narrows the window, and what was read opens it.
  private func reportReading(at now: Instant, into outbox: Outbox) {
    guard let byteCount = unread.takeNews() else { return }
    session.setUnreadByteCount(byteCount, at: now, into: outbox)
  }
}
