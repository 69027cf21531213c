internal import Wire

extension SCTPAssociation {
  /// Reads a packet. Returns whether it was one of this association.
  func process(
    _ packet: Span<UInt8>, at now: Instant, into outbox: Outbox, events: inout [Event]
  ) -> Bool {
    var reader = ByteReader(packet)
    guard let header = try? PacketHeader.read(from: &reader),
      header.sourcePort == options.remotePort, header.destinationPort == options.localPort
    else { return false }
    var chunks = ChunkReader(reader)
    guard let first = try? chunks.next(), isIntact(packet, header, first.type) else {
      return false
    }
    switch first.type {
    case .initiation:
      // INIT is alone in its packet, and its sender knows no tag of ours (RFC 9260 §8.5.1).
      guard header.verificationTag == 0, chunks.isAtEnd else { return false }
      return receiveInitiation(first.value, at: now, into: outbox, events: &events)
    case .abort, .shutdownComplete:
      guard isTagValid(header.verificationTag, flags: first.flags) else { return false }
      if first.type == .abort {
        let cause = ErrorCause.firstCode(in: first.value)
        if !isOver, peerTag != 0 { close(.failed(.abortedByPeer(cause: cause)), events: &events) }
      } else if state == .shutdownAckSent {
        close(.closed, events: &events)
      }
      return true
    case .cookieEcho:
      guard
        receiveCookieEcho(
          first.value, tag: header.verificationTag, at: now, into: outbox, events: &events)
      else { return false }
    case .shutdownAcknowledgement where !isCarryingData:
      // Nobody waits for it: the other side need not either (RFC 9260 §8.4, §8.5.1).
      send(into: outbox, needsChecksum: true, tag: header.verificationTag) {
        $0.appendShutdownComplete(isReflected: true)
      }
      return false
    default:
      guard !isOver else {
        if first.type != .error, first.type != .cookieAcknowledgement {
          sendReflectedAbort(tag: header.verificationTag, into: outbox)
        }
        return false
      }
      guard header.verificationTag == localTag, state != .closed else { return false }
      guard receive(first, at: now, into: outbox, events: &events) else { return true }
    }
    receiveRest(of: &chunks, at: now, into: outbox, events: &events)
    return true
  }

  private func receiveRest(
    of chunks: inout ChunkReader, at now: Instant, into outbox: Outbox, events: inout [Event]
  ) {
    while !chunks.isAtEnd, !isOver {
      guard let chunk = try? chunks.next() else {
        counters.droppedChunks += 1
        break
      }
      guard receive(chunk, at: now, into: outbox, events: &events) else { break }
    }
    guard !isOver else { return }
    receiving?.finishPacket(at: now, delay: acknowledgementDelay)
    // Data that comes after SHUTDOWN was sent is answered with both at once (RFC 9260 §9.2).
    if state == .shutdownSent, receiving?.acknowledging.isOwed == true { queueShutdown() }
  }

  private var acknowledgementDelay: Duration {
    min(.milliseconds(200), sending.timeout.duration / 2)
  }

  /// Whether the checksum is right, or zero where we take that. INIT needs one always (RFC 9653 §5.3).
  private func isIntact(_ packet: Span<UInt8>, _ header: PacketHeader, _ first: ChunkType) -> Bool {
    if header.checksum == 0, options.acceptsZeroChecksum, first != .initiation { return true }
    return CRC32C.checksum(ofPacket: packet) == header.checksum
  }

  /// The tag of ABORT and SHUTDOWN COMPLETE: ours, or, reflected, the other side's own
  /// (RFC 9260 §8.5.1).
  private func isTagValid(_ tag: UInt32, flags: UInt8) -> Bool {
    flags & 1 == 0 ? tag == localTag : tag == peerTag && peerTag != 0
  }

  /// Takes one chunk of a packet with the right tag. Returns whether to go on with the packet.
  private func receive(
    _ chunk: borrowing Chunk, at now: Instant, into outbox: Outbox, events: inout [Event]
  ) -> Bool {
    if state == .cookieEchoed, chunk.type.impliesCookieAcknowledgement {
      becomeEstablished(at: now, events: &events)
    }
    do throws(Truncated) {
      switch chunk.type {
      case .data, .interleavedData:
        return try receiveData(chunk, into: outbox, events: &events)
      case .selectiveAcknowledgement:
        guard isCarryingData else { return true }
        let sack = try SelectiveAcknowledgement(parsing: chunk.value)
        receive(sack, at: now)
      case .forwardTSN, .interleavedForwardTSN:
        try receiveForwardTSN(chunk, into: outbox, events: &events)
      case .heartbeat: answerHeartbeat(chunk.value)
      case .heartbeatAcknowledgement:
        receive(try Heartbeat(parsing: chunk.value), at: now)
      case .initiationAcknowledgement:
        try receiveInitiationAcknowledgement(chunk.value, at: now, into: outbox, events: &events)
        return false
      case .cookieAcknowledgement: receiveCookieAcknowledgement(at: now, events: &events)
      case .error: receiveError(chunk.value, at: now, into: outbox, events: &events)
      case .shutdown:
        let shutdown = try Shutdown(parsing: chunk.value)
        receive(shutdown, at: now)
      case .shutdownAcknowledgement: receiveShutdownAcknowledgement(into: outbox, events: &events)
      case .reconfiguration:
        guard isCarryingData else { return true }
        let reconfiguration = try Reconfiguration(parsing: chunk.value)
        receive(reconfiguration, at: now, into: outbox, events: &events)
      case .abort:
        let cause = ErrorCause.firstCode(in: chunk.value)
        close(.failed(.abortedByPeer(cause: cause)), events: &events)
      // These come first in their packets; anywhere else they mean nothing.
      case .initiation, .cookieEcho, .shutdownComplete: counters.droppedChunks += 1
      default: return receiveUnknown(chunk)
      }
      return true
    } catch {
      counters.droppedChunks += 1
      return true
    }
  }

  /// An unknown chunk says in its type what to do with it (RFC 9260 §3.2).
  private func receiveUnknown(_ chunk: borrowing Chunk) -> Bool {
    counters.droppedChunks += 1
    if chunk.type.isReportedWhereUnknown {
      report(
        ErrorCause(code: .unrecognizedChunk, value: [UInt8](copying: chunk.whole)))
    }
    return chunk.type.isSkippedWhereUnknown
  }

  /// Tells the other side of an error, unless much waits already or it would fit no packet.
  func report(_ cause: ErrorCause) {
    let count = 4 + cause.byteCount
    guard control.count < 8, count + PacketHeader.byteCount <= options.maximumPacketSize else {
      return
    }
    queueControl(capacity: count) { $0.appendError([cause]) }
  }

  // MARK: Data

  private func receiveData(
    _ chunk: borrowing Chunk, into outbox: Outbox, events: inout [Event]
  ) throws(Truncated) -> Bool {
    switch state {
    case .established, .shutdownPending, .shutdownSent: break
    case .closed, .cookieWait, .cookieEchoed, .shutdownReceived, .shutdownAckSent: return true
    }
    let isInterleaved = chunk.type == .interleavedData
    guard receiving?.isInterleaved == isInterleaved else {
      giveUp(
        .protocolViolation, cause: ErrorCause(code: .protocolViolation), into: outbox,
        events: &events)
      return false
    }
    var reader = ByteReader(chunk.value)
    let header = try DataHeader.read(
      from: &reader, flags: chunk.flags, isInterleaved: isInterleaved)
    do throws(ReceivingSide.Failure) {
      switch try receiving?.receive(header, reader.remaining, events: &events) {
      case .duplicate?: counters.duplicateChunks += 1
      case .dropped?: counters.droppedChunks += 1
      case .invalidStream?:
        counters.droppedChunks += 1
        report(.invalidStream(header.stream))
      case .taken?, nil: break
      }
      queuePerformedReset()
      return true
    } catch {
      end(for: error, tsn: header.tsn, into: outbox, events: &events)
      return false
    }
  }

  private func receiveForwardTSN(
    _ chunk: borrowing Chunk, into outbox: Outbox, events: inout [Event]
  ) throws(Truncated) {
    let isInterleaved = chunk.type == .interleavedForwardTSN
    guard isCarryingData, receiving?.isInterleaved == isInterleaved else {
      counters.droppedChunks += 1
      return
    }
    let forward = try ForwardTSN(parsing: chunk.value, isInterleaved: isInterleaved)
    do throws(ReceivingSide.Failure) {
      try receiving?.receive(forward, events: &events)
      queuePerformedReset()
    } catch {
      end(for: error, tsn: forward.newCumulativeTSN, into: outbox, events: &events)
    }
  }

  /// Ends the association because of what the other side sent.
  func end(
    for failure: ReceivingSide.Failure, tsn: UInt32, into outbox: Outbox, events: inout [Event]
  ) {
    let cause: ErrorCause
    let error: SCTPError
    switch failure {
    case .noUserData: (cause, error) = (.noUserData(tsn), .protocolViolation)
    case .messageTooLong:
      (cause, error) = (ErrorCause(code: .outOfResources), .messageTooLong)
    case .bufferExceeded:
      (cause, error) = (ErrorCause(code: .outOfResources), .receiveBufferExceeded)
    case .protocolViolation:
      (cause, error) = (ErrorCause(code: .protocolViolation), .protocolViolation)
    }
    giveUp(error, cause: cause, into: outbox, events: &events)
  }

  // MARK: Heartbeats

  /// Sends the information back as it came.
  private func answerHeartbeat(_ value: Span<UInt8>) {
    let count = 4 + value.count
    guard control.count < 8, padded(count) + PacketHeader.byteCount <= options.maximumPacketSize
    else { return }
    queueControl(capacity: padded(count)) { output in
      output.appendChunk(.heartbeatAcknowledgement, length: count)
      output.append(copying: value)
      output.appendPadding(after: count)
    }
  }

  private func receive(_ answer: Heartbeat, at now: Instant) {
    if let roundTrip = heartbeats.receive(answer, at: now) {
      sending.errorCount = 0
      sending.timeout.measure(roundTrip)
    } else {
      counters.droppedChunks += 1
    }
  }

  /// Later in a shutdown, T2 does what heartbeats do.
  var mayAskForLife: Bool {
    state == .established || state == .shutdownPending || state == .shutdownReceived
  }

  func advanceHeartbeats(to now: Instant) {
    guard mayAskForLife,
      let due = heartbeats.advance(
        to: now, timeout: sending.timeout.duration, random: &random)
    else { return }
    if due.wasUnanswered { sending.errorCount += 1 }
    queueControl(capacity: Heartbeat.byteCount) { $0.append(due.heartbeat) }
  }
}
