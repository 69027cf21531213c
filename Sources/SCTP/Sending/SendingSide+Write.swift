internal import Wire

extension SendingSide {
  /// What is to be sent next.
  enum Next: Sendable {
    case again(Int64)
    case new(message: Int, byteCount: Int)
  }

  /// Whether `write` has something for an empty packet now.
  mutating func wantsToSend(at now: Instant) -> Bool {
    guard isStarted else { return false }
    if forwarding.isDue { return true }
    let room = options.maximumPacketSize - 12
    return isPacketAllowed(at: now) && next(room: room, at: now) != nil
  }

  /// Fills the rest of a packet: FORWARD-TSN first, then what was lost, then new data.
  /// Returns the bytes written, 0 where nothing fits or may leave.
  @discardableResult
  mutating func write(into output: inout OutputSpan<UInt8>, at now: Instant) -> Int {
    guard isStarted else { return 0 }
    let room = output.freeCapacity
    writeForwardTSN(into: &output, at: now)
    guard isPacketAllowed(at: now) else { return room - output.freeCapacity }
    let beforeData = output.freeCapacity
    while let next = next(room: output.freeCapacity, at: now) {
      switch next {
      case .again(let sequence): resend(sequence, into: &output, at: now)
      case .new(let message, let byteCount):
        sendNew(message, byteCount, into: &output, at: now)
      }
    }
    finishPacket(beforeData - output.freeCapacity, at: now)
    return room - output.freeCapacity
  }

  /// Whether pacing lets a packet go.
  private mutating func isPacketAllowed(at now: Instant) -> Bool {
    if pacer.isOpen(at: now) || probe.isPending || mayExceedWindow {
      pacingDeadline = nil
      return true
    }
    let hasSomething = outstanding.lost.count > 0 || queue.byteCount > 0
    pacingDeadline = hasSomething ? pacer.release(smoothedRoundTrip: smoothedRoundTrip) : nil
    return false
  }

  private mutating func next(room: Int, at now: Instant) -> Next? {
    if let sequence = nextLost(at: now) {
      let count = outstanding.ring[sequence].wireByteCount
      return count <= room && isAllowed(count) ? .again(sequence) : nil
    }
    guard !outstanding.isFull, let message = nextMessage(at: now) else {
      if let sequence = outstanding.newestInFlight, probe.isPending {
        return outstanding.ring[sequence].wireByteCount <= room ? .again(sequence) : nil
      }
      if outstanding.inFlightByteCount < congestion.window {
        rate.noteApplicationLimit(inFlight: outstanding.inFlightByteCount)
      }
      return nil
    }
    guard let count = pieceByteCount(of: message, room: room) else { return nil }
    let header = DataHeader.byteCount(isInterleaved: queue.isInterleaved)
    return isAllowed(header + padded(count)) ? .new(message: message, byteCount: count) : nil
  }

  /// How much of a message goes into `room`; `nil` where it is better to wait for the next packet.
  private func pieceByteCount(of message: Int, room: Int) -> Int? {
    let header = DataHeader.byteCount(isInterleaved: queue.isInterleaved)
    let whole = min(queue.pieceLimit, options.maximumPacketSize - 12 - header)
    let limit = min((room - header) & ~3, whole)
    let remaining = queue.messages[message].remainingByteCount
    if remaining <= limit { return remaining }
    return limit * 2 >= whole && limit > 0 ? limit : nil
  }

  /// Whether the windows have room for so many more bytes (RFC 9260 §6.1 A and B).
  private mutating func isAllowed(_ byteCount: Int) -> Bool {
    let inFlight = outstanding.inFlightByteCount
    // With nothing in flight one chunk may always leave: if the other side's window is closed, it is
    // the probe that finds out when it opens.
    if inFlight == 0 { return true }
    guard advertisedWindow - inFlight >= byteCount else { return false }
    if mayExceedWindow || probe.isPending { return true }
    if inFlight < congestion.window { return true }
    wasWindowLimited = true
    return false
  }

  // MARK: Chunks

  private mutating func sendNew(
    _ message: Int, _ byteCount: Int, into output: inout OutputSpan<UInt8>, at now: Instant
  ) {
    let piece = queue.takePiece(of: message, byteCount: byteCount, as: outstanding.next)
    let header = DataHeader.byteCount(isInterleaved: queue.isInterleaved)
    var chunk = OutstandingChunk(
      message: message, offset: piece.offset, byteCount: byteCount,
      wireByteCount: header + padded(byteCount), fragmentNumber: piece.fragmentNumber,
      isFirst: piece.isFirst, isLast: piece.isLast, packet: nextPacket, sentAt: now)
    chunk.previousOfMessage = queue.messages[message].newestChunk
    chunk.wasApplicationLimited = rate.isApplicationLimited
    chunk.delivery = rate.mark(at: now, inFlight: outstanding.inFlightByteCount)
    let sequence = outstanding.append(chunk)
    queue.messages[message].newestChunk = sequence
    outstandingByteCount += byteCount
    metrics.chunkCount += 1
    metrics.payloadByteCount += byteCount
    put(sequence, isImmediate: queue.byteCount == 0, into: &output)
  }

  private mutating func resend(
    _ sequence: Int64, into output: inout OutputSpan<UInt8>, at now: Instant
  ) {
    if probe.isPending { probe.repeated = sequence }
    let mark = rate.mark(at: now, inFlight: outstanding.inFlightByteCount)
    outstanding.resend(sequence, in: nextPacket, at: now, mark)
    metrics.retransmissionCount += 1
    // RFC 9260 §7.2.4 step 4: the first outstanding chunk gets its full time again.
    if sequence == outstanding.oldest { retransmissionDeadline = now + timeout.duration }
    let isLast = outstanding.lost.count == 0 && queue.byteCount == 0
    put(sequence, isImmediate: isLast || probe.isPending, into: &output)
    // A probe is one chunk.
    if probe.isPending { sendingProbe() }
  }

  private func put(_ sequence: Int64, isImmediate: Bool, into output: inout OutputSpan<UInt8>) {
    let chunk = outstanding.ring[sequence]
    let message = queue.messages[chunk.message]
    var flags: DataHeader.Flags = isImmediate ? .immediate : []
    if chunk.isFirst { flags.insert(.beginning) }
    if chunk.isLast { flags.insert(.end) }
    if !message.isOrdered { flags.insert(.unordered) }
    let header = DataHeader(
      tsn: OutstandingData.tsn(of: sequence), stream: queue.streams[message.stream].id,
      messageNumber: message.number, fragmentNumber: chunk.fragmentNumber,
      identifier: message.identifier, flags: flags)
    let end = chunk.offset + chunk.byteCount
    output.append(
      DataChunk(header: header, payload: message.payload[chunk.offset..<end]),
      isInterleaved: queue.isInterleaved)
  }

  private mutating func finishPacket(_ byteCount: Int, at now: Instant) {
    guard byteCount > 0 else { return }
    if probe.isPending { sendingProbe() }
    mayExceedWindow = false
    nextPacket += 1
    pacer.note(
      byteCount + 12,
      bytesPerSecond: timeout.smoothed.flatMap { congestion.pacingRate(smoothedRoundTrip: $0) },
      at: now)
    if retransmissionDeadline == nil { retransmissionDeadline = now + timeout.duration }
    armProbe(at: now)
  }

  private mutating func sendingProbe() {
    probe.isPending = false
    probe.packet = nextPacket
    metrics.probeCount += 1
  }
}
