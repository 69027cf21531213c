internal import Wire

/// All that has to do with data from the other side: what has arrived, what is being put together,
/// when to acknowledge, and which streams wait to be reset.
struct ReceivingSide: Sendable {
  /// What became of a DATA or I-DATA chunk.
  enum Outcome: Hashable, Sendable {
    case taken
    case duplicate
    /// Not taken, since there is no room for it: it has to be sent again.
    case dropped
    /// Acknowledged, but on a stream that does not exist.
    case invalidStream
  }

  /// Why the association has to end.
  enum Failure: Error, Hashable, Sendable {
    case noUserData
    case messageTooLong
    case bufferExceeded
    case protocolViolation
  }

  private(set) var tracker: DataTracker
  private var reassembly: Reassembly
  private(set) var deferred = DeferredReset()
  private(set) var acknowledging = DelayedAcknowledgement()
  private let window: UInt32
  private let acknowledgementLimit: Int
  /// Streams the other side may send on.
  var streamCount: UInt16
  private let maximumMessageSize: Int

  init(options: SCTPOptions, initialTSN: UInt32, streamCount: UInt16, isInterleaved: Bool) {
    tracker = DataTracker(initialTSN: initialTSN)
    reassembly = Reassembly(
      isInterleaved: isInterleaved, maximumMessageSize: options.maximumReceivedMessageSize)
    window = options.receiveWindow
    acknowledgementLimit = max(2, options.maximumAcknowledgedPackets)
    self.streamCount = streamCount
    maximumMessageSize = options.maximumReceivedMessageSize
  }

  /// Whether data comes as I-DATA.
  var isInterleaved: Bool { reassembly.isInterleaved }
  /// Bytes held, with what holding them costs.
  var heldBytes: Int { reassembly.heldBytes + deferred.heldBytes }
  /// What the other side may send, in bytes.
  var advertisedWindow: UInt32 { UInt32(clamping: Int(window) - heldBytes - unreadBytes) }
  /// Bytes of messages that were handed out and not read yet.
  private var unreadBytes = 0

  /// Takes note of what the layer above has not read. A window that was as good as shut and opens again is told at once.
  mutating func setUnreadBytes(_ byteCount: Int) {
    let before = Int(advertisedWindow)
    unreadBytes = max(0, byteCount)
    if before < Int(window) / 4, Int(advertisedWindow) >= Int(window) / 2 { acknowledgeAtOnce() }
  }

  // MARK: Data

  /// Takes one DATA or I-DATA chunk.
  mutating func receive(
    _ header: DataHeader, _ payload: Span<UInt8>, events: inout [SCTPAssociation.Event]
  ) throws(Failure) -> Outcome {
    guard !payload.isEmpty else { throw .noUserData }
    acknowledging.noteData(asksForImmediate: header.flags.contains(.immediate))
    let index = tracker.index(of: header.tsn)
    if tracker.contains(index) {
      tracker.noteDuplicate(header.tsn)
      return .duplicate
    }
    guard tracker.canTake(index) else { return .dropped }
    // Nobody reads: the other side may try again later, as it would with a window of zero.
    if unreadBytes > 0, heldBytes + unreadBytes >= Int(window) + maximumMessageSize {
      return .dropped
    }
    // Beyond the window only what everything else waits for is taken, and that not without end.
    if heldBytes >= Int(window) {
      guard index == tracker.cumulative + 1 else { return .dropped }
      guard heldBytes <= Int(window) + maximumMessageSize else { throw .bufferExceeded }
    }
    tracker.insert(index)
    guard header.stream < streamCount else { return .invalidStream }
    if deferred.concerns(header.stream, index) {
      deferred.keep(header, index, payload)
    } else {
      try put(header, index, payload, &events)
    }
    try performDeferredReset(&events)
    return .taken
  }

  private mutating func put(
    _ header: DataHeader, _ index: Int64, _ payload: Span<UInt8>,
    _ events: inout [SCTPAssociation.Event]
  ) throws(Failure) {
    do throws(ReassemblyFailure) {
      try reassembly.insert(header, index: index, payload, events: &events)
    } catch {
      throw Failure(error)
    }
  }

  /// Takes FORWARD-TSN or I-FORWARD-TSN (RFC 3758 §3.6, RFC 8260 §2.3.1).
  mutating func receive(
    _ chunk: ForwardTSN, events: inout [SCTPAssociation.Event]
  ) throws(Failure) {
    acknowledging.noteForwardTSN()
    let index = tracker.index(of: chunk.newCumulativeTSN)
    guard index > tracker.cumulative else { return }
    for skipped in chunk.skipped where skipped.stream < streamCount {
      if deferred.concerns(skipped.stream, index) {
        deferred.keep(skipped)
      } else {
        try skip(skipped, &events)
      }
    }
    reassembly.dropUnordered(through: index)
    tracker.advance(to: index)
    try performDeferredReset(&events)
  }

  private mutating func skip(
    _ skipped: ForwardTSN.Skipped, _ events: inout [SCTPAssociation.Event]
  ) throws(Failure) {
    do throws(ReassemblyFailure) {
      try reassembly.skip(skipped, events: &events)
    } catch {
      throw Failure(error)
    }
  }

  // MARK: Resets

  /// Whether no other reset than this one waits for its data.
  func isFree(for request: Reconfiguration.OutgoingReset) -> Bool {
    guard let pending = deferred.pending else { return true }
    return pending.streams == request.streams && pending.index == tracker.index(of: request.lastTSN)
  }

  /// The other side resets streams once all TSNs up to the last one it sent have arrived
  /// (RFC 6525 §5.2.2); until then the reset is in progress.
  mutating func perform(
    _ request: Reconfiguration.OutgoingReset, events: inout [SCTPAssociation.Event]
  ) throws(Failure) -> Reconfiguration.Response.Result {
    let index = tracker.index(of: request.lastTSN)
    if deferred.wasPerformed(request.streams, index) { return .performed }
    guard request.streams.allSatisfy({ $0 < streamCount }) else { return .wrongStream }
    deferred.begin(request.streams, index, number: request.number)
    try performDeferredReset(&events)
    // The answer goes out as the result of this call, not as that of a deferred reset.
    return deferred.takePerformedNumber() == nil ? .inProgress : .performed
  }

  /// The number of the request whose deferred reset has been performed since the last call.
  mutating func takePerformedResetNumber() -> UInt32? { deferred.takePerformedNumber() }

  private mutating func performDeferredReset(
    _ events: inout [SCTPAssociation.Event]
  ) throws(Failure) {
    guard let pending = deferred.pending, pending.index <= tracker.cumulative else { return }
    reassembly.reset(pending.streams)
    events.append(.incomingStreamsReset(pending.streams))
    for item in deferred.finish() {
      switch item {
      case .data(let header, let index, let bytes):
        try put(header, index, bytes.span, &events)
      case .skipped(let skipped): try skip(skipped, &events)
      }
    }
  }

  // MARK: Acknowledging

  /// A packet with data has been read to its end: decides when to acknowledge (RFC 9260 §6.2).
  mutating func finishPacket(at now: Instant, delay: Duration) {
    acknowledging.finishPacket(
      isUrgent: tracker.hasGaps || tracker.hasDuplicates, at: now, delay: delay,
      limit: acknowledgementLimit)
  }

  /// Has an acknowledgement go out with the next packet.
  mutating func acknowledgeAtOnce() { acknowledging.makeDue() }

  /// Fires the timer of the delayed acknowledgement.
  mutating func advance(to now: Instant) { acknowledging.advance(to: now) }

  /// What to tell the other side; nothing is owed afterwards.
  mutating func takeAcknowledgement(maximumBlocks: Int) -> SelectiveAcknowledgement {
    acknowledging.clear()
    return tracker.acknowledgement(window: advertisedWindow, maximumBlocks: maximumBlocks)
  }
}

extension ReceivingSide.Failure {
  init(_ failure: ReassemblyFailure) {
    switch failure {
    case .messageTooLong: self = .messageTooLong
    case .protocolViolation: self = .protocolViolation
    }
  }
}
