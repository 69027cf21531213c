internal import Wire

extension SCTPAssociation {
  // MARK: INIT

  /// Answers INIT with a cookie and remembers nothing (RFC 9260 §5.1, §5.2.1, §5.2.2).
  func receiveInitiation(
    _ value: Span<UInt8>, at now: Instant, into outbox: Outbox, events: inout [Event]
  ) -> Bool {
    guard !isOver, let initiation = try? Initiation(parsing: value), initiation.tag != 0 else {
      return false
    }
    guard initiation.outgoingStreams > 0, initiation.incomingStreams > 0 else {
      send(into: outbox, needsChecksum: true, tag: initiation.tag) {
        $0.appendAbort(ErrorCause(code: .invalidParameter))
      }
      return false
    }
    switch state {
    case .closed, .cookieWait, .cookieEchoed:
      // Both may have begun: then both go on with the tags they told (RFC 9260 §5.2.1).
      answer(initiation, tag: localTag, initialTSN: localInitialTSN, at: now, into: outbox)
    case .established, .shutdownPending, .shutdownSent, .shutdownReceived:
      // The other side may have begun anew. The cookie will tell; nothing changes until then.
      answer(
        initiation, tag: UInt32.random(in: 1 ... .max, using: &random),
        initialTSN: UInt32.random(in: 0 ... .max, using: &random), at: now, into: outbox)
    case .shutdownAckSent: queueShutdownAcknowledgement()
    }
    return true
  }

  private func answer(
    _ initiation: Initiation, tag: UInt32, initialTSN: UInt32, at now: Instant,
    into outbox: Outbox
  ) {
    let cookie = StateCookie(
      answering: initiation, localTag: tag, localInitialTSN: initialTSN, tieTag: tieTag, at: now)
    var answer = Initiation(
      tag: tag, window: options.receiveWindow, outgoingStreams: options.maximumStreams,
      incomingStreams: options.maximumStreams, initialTSN: initialTSN,
      capabilities: Capabilities(of: options))
    answer.cookie = cookie.sealed(key: cookieKey)
    answer.unrecognized = initiation.unrecognized
    while answer.byteCount + PacketHeader.byteCount > options.maximumPacketSize,
      !answer.unrecognized.isEmpty
    {
      answer.unrecognized.removeLast()
    }
    send(into: outbox, needsChecksum: true, tag: initiation.tag) { $0.append(answer) }
  }

  // MARK: INIT ACK

  /// The other side's answer: its cookie goes back to it (RFC 9260 §5.1 C).
  func receiveInitiationAcknowledgement(
    _ value: Span<UInt8>, at now: Instant, into outbox: Outbox, events: inout [Event]
  ) throws(Truncated) {
    guard state == .cookieWait else { return }
    let answer = try Initiation(parsing: value)
    guard answer.tag != 0 else { return }
    peerTag = answer.tag
    guard answer.outgoingStreams > 0, answer.incomingStreams > 0 else {
      return giveUp(
        .protocolViolation, cause: ErrorCause(code: .invalidParameter), into: outbox,
        events: &events)
    }
    guard let cookie = answer.cookie,
      padded(cookie.count + 4) + PacketHeader.byteCount <= options.maximumPacketSize
    else {
      return giveUp(
        .protocolViolation, cause: .missing(.stateCookie), into: outbox, events: &events)
    }
    adopt(
      StateCookie(
        answering: answer, localTag: localTag, localInitialTSN: localInitialTSN, tieTag: 0,
        at: now))
    cookieToEcho = cookie
    state = .cookieEchoed
    retry.start(after: options.initialRetransmissionTimeout, at: now)
    sendCookieEcho(withDataAt: now, into: outbox)
    if !answer.unrecognized.isEmpty {
      report(
        ErrorCause(code: .unrecognizedParameters, value: Array(answer.unrecognized.joined())))
    }
  }

  /// Takes over what the other side told of itself.
  private func adopt(_ peer: StateCookie) {
    peerTag = peer.peerTag
    peerCapabilities = peer.peerCapabilities
    negotiatedOutgoingStreams = min(options.maximumStreams, peer.incomingStreams)
    negotiatedIncomingStreams = min(options.maximumStreams, peer.outgoingStreams)
    let isInterleaved =
      options.offersInterleaving
      && peerCapabilities.isSuperset(of: [.interleavedData, .interleavedForwardTSN])
    receiving = ReceivingSide(
      options: options, initialTSN: peer.peerInitialTSN, streamCount: negotiatedIncomingStreams,
      isInterleaved: isInterleaved)
    resets.expectedNumber = peer.peerInitialTSN
    sending.start(
      peerWindow: peer.peerWindow, isInterleaved: isInterleaved,
      usesPartialReliability: peerCapabilities.contains(.forwardTSN))
  }

  // MARK: COOKIE ECHO

  /// Takes our own cookie back (RFC 9260 §5.1 D, §5.2.4). Returns whether to go on with the packet.
  func receiveCookieEcho(
    _ value: Span<UInt8>, tag: UInt32, at now: Instant, into outbox: Outbox,
    events: inout [Event]
  ) -> Bool {
    guard !isOver, let cookie = try? StateCookie(opening: value, key: cookieKey),
      tag == cookie.localTag
    else { return false }
    let isLocalTagKnown = cookie.localTag == localTag
    let isPeerTagKnown = cookie.peerTag == peerTag
    let age = now - cookie.createdAt
    if age > options.cookieLifetime, !(isLocalTagKnown && isPeerTagKnown) {
      let cause = ErrorCause.staleCookie(by: age - options.cookieLifetime)
      send(into: outbox, needsChecksum: true, tag: cookie.peerTag) { $0.appendError([cause]) }
      return false
    }
    switch state {
    case .closed, .cookieWait, .cookieEchoed:
      // Both tags, or ours alone where both sides began at once (cases D and B).
      guard isLocalTagKnown else { return false }
      if !isPeerTagKnown || receiving == nil { adopt(cookie) }
      becomeEstablished(at: now, events: &events)
    case .established, .shutdownPending, .shutdownSent, .shutdownReceived, .shutdownAckSent:
      // Case D: our COOKIE ACK was lost.
      if isLocalTagKnown, isPeerTagKnown { break }
      // Case A: the other side began anew.
      guard !isLocalTagKnown, !isPeerTagKnown, tieTag != 0, cookie.tieTag == tieTag else {
        return false
      }
      guard state != .shutdownAckSent else {
        queueShutdownAcknowledgement()
        report(ErrorCause(code: .cookieWhileShuttingDown))
        return false
      }
      restart(cookie, at: now, events: &events)
    }
    // COOKIE ACK goes before all else in its packet.
    control.insert([UInt8](capacity: 4) { $0.appendCookieAcknowledgement() }, at: 0)
    return true
  }

  private func restart(_ cookie: StateCookie, at now: Instant, events: inout [Event]) {
    localTag = cookie.localTag
    localInitialTSN = cookie.localInitialTSN
    let streams = resets.takeAll()
    resets = StreamResets(
      firstNumber: localInitialTSN, maximumWait: options.maximumRetransmissionTimeout)
    control = []
    sending.queue.finishReset(of: streams, wasPerformed: true)
    sending.restart(initialTSN: localInitialTSN)
    adopt(cookie)
    state = .established
    retry.stop()
    tieTag = random.next() | 1
    heartbeats = HeartbeatSchedule(interval: options.heartbeatInterval)
    heartbeats.postpone(at: now)
    events.append(.restarted)
    // They have begun at their start, as everything has.
    if !streams.isEmpty { events.append(.outgoingStreamsReset(streams)) }
  }

  // MARK: COOKIE ACK and ERROR

  func receiveCookieAcknowledgement(at now: Instant, events: inout [Event]) {
    if state == .cookieEchoed { becomeEstablished(at: now, events: &events) }
  }

  func becomeEstablished(at now: Instant, events: inout [Event]) {
    state = .established
    retry.stop()
    cookieToEcho = []
    tieTag = random.next() | 1
    heartbeats.postpone(at: now)
    events.append(.connected)
  }

  /// An ERROR of the other side is counted; one that says our cookie came too late begins anew
  /// (RFC 9260 §5.2.6).
  func receiveError(
    _ value: Span<UInt8>, at now: Instant, into outbox: Outbox, events: inout [Event]
  ) {
    counters.reportedErrors += 1
    guard state == .cookieEchoed,
      ErrorCause.firstCode(in: value) == ErrorCause.Code.staleCookie.rawValue
    else { return }
    staleCookieCount += 1
    guard staleCookieCount <= options.maximumHandshakeAttempts else {
      return close(.failed(.handshakeTimedOut), events: &events)
    }
    state = .cookieWait
    peerTag = 0
    receiving = nil
    retry.start(after: options.initialRetransmissionTimeout, at: now)
    sendInitiation(into: outbox)
  }

  // MARK: Timer

  /// T1-init, T1-cookie and T2-shutdown.
  func expireRetry(at now: Instant, into outbox: Outbox, events: inout [Event]) {
    guard retry.expire(at: now) else { return }
    switch state {
    case .cookieWait, .cookieEchoed:
      guard retry.expiryCount < options.maximumHandshakeAttempts else {
        return close(.failed(.handshakeTimedOut), events: &events)
      }
      if state == .cookieWait {
        sendInitiation(into: outbox)
      } else {
        sendCookieEcho(into: outbox)
      }
    case .shutdownSent:
      guard retry.expiryCount <= options.maximumRetransmissions else {
        return giveUp(.peerUnreachable, into: outbox, events: &events)
      }
      queueShutdown()
    case .shutdownAckSent:
      // All data of both sides was acknowledged: only the last word is missing.
      guard retry.expiryCount <= options.maximumRetransmissions else {
        return close(.closed, events: &events)
      }
      queueShutdownAcknowledgement()
    case .closed, .established, .shutdownPending, .shutdownReceived: retry.stop()
    }
  }
}
