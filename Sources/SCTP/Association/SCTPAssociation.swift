public import Wire

/// One SCTP association (RFC 9260) over DTLS (RFC 8261), with partial reliability (RFC 3758), stream
/// resets (RFC 6525), interleaving (RFC 8260) and zero checksums (RFC 9653).
///
/// Packets and times go in, packets and events come out; after any call the owner looks at `deadline`
/// and calls `advance` no later than that. It belongs to one thread. docs/design/sctp.md says where it
/// departs from the RFCs, and why.
public final class SCTPAssociation {
  /// How far the association is (RFC 9260 §4).
  public enum State: Sendable, Hashable {
    /// Not begun, or over.
    case closed
    /// INIT was sent.
    case cookieWait
    /// COOKIE ECHO was sent.
    case cookieEchoed
    /// Data flows.
    case established
    /// We shut down as soon as all our data is acknowledged.
    case shutdownPending
    /// SHUTDOWN was sent.
    case shutdownSent
    /// The other side shuts down; our data goes out first.
    case shutdownReceived
    /// SHUTDOWN ACK was sent.
    case shutdownAckSent
  }

  /// What the owner should know.
  public enum Event: Sendable, Equatable {
    /// Data can flow.
    case connected
    /// The other side lost its state and began anew (RFC 9260 §5.2): all streams begin at their start,
    /// and what was being received is gone. What waits to be sent is sent.
    case restarted
    /// A whole message arrived, in order if its stream asks for it.
    case message(SCTPMessage)
    /// The other side reset these of its outgoing streams (RFC 6525), all where none is named; the
    /// identifiers may be used again.
    case incomingStreamsReset([UInt16])
    /// The other side has performed our reset of these streams.
    case outgoingStreamsReset([UInt16])
    /// The other side refused to reset these streams, or cannot.
    case outgoingResetFailed([UInt16])
    /// A stream's buffered amount fell to its threshold or below.
    case bufferedAmountLow(stream: UInt16)
    /// The orderly shutdown is complete.
    case closed
    /// The association ended otherwise.
    case failed(SCTPError)
  }

  /// As given at the beginning.
  public let options: SCTPOptions
  /// How far the association is.
  public internal(set) var state = State.closed
  /// When to call `advance`; `nil` where there is nothing to wait for.
  ///
  /// Stored, not computed: event loops read it more often than it changes.
  public internal(set) var deadline: Instant?
  /// Streams we may send on; our wish before the handshake.
  public internal(set) var negotiatedOutgoingStreams: UInt16
  /// Streams the other side may send on; our wish before the handshake.
  public internal(set) var negotiatedIncomingStreams: UInt16

  let path: Path
  var random: RandomSource
  /// Whether it was closed after having begun: nothing begins any more.
  var isOver = false
  /// Our tag: in every packet from the other side.
  var localTag: UInt32
  /// The other side's tag: in every packet from us; 0 while it is unknown.
  var peerTag: UInt32 = 0
  var localInitialTSN: UInt32
  let cookieKey: [UInt8]
  /// Names this association in cookies, by a random number; 0 before there is one.
  var tieTag: UInt64 = 0
  var peerCapabilities = Capabilities()
  /// The other side's cookie, while we echo it.
  var cookieToEcho: [UInt8] = []
  /// T1-init and T1-cookie, and later T2-shutdown: never two at a time.
  var retry: RetryTimer
  var receiving: ReceivingSide?
  var sending: SendingSide
  var resets: StreamResets
  var heartbeats: HeartbeatSchedule
  /// How often our cookie came too late.
  var staleCookieCount = 0
  /// Chunks that go out with the next packets, before data.
  var control: [[UInt8]] = []
  var counters = Counters()

  /// An association between the ports in `options`. `path` goes to the outbox with every packet, and
  /// is never looked at.
  public init(options: SCTPOptions = .init(), path: Path, random: RandomSource) {
    var random = random
    self.options = options
    self.path = path
    localTag = UInt32.random(in: 1 ... .max, using: &random)
    localInitialTSN = UInt32.random(in: 0 ... .max, using: &random)
    cookieKey = random.bytes(32)
    negotiatedOutgoingStreams = options.maximumStreams
    negotiatedIncomingStreams = options.maximumStreams
    retry = RetryTimer(maximum: options.maximumRetransmissionTimeout)
    sending = SendingSide(options: options, initialTSN: localInitialTSN)
    resets = StreamResets(
      firstNumber: localInitialTSN, maximumWait: options.maximumRetransmissionTimeout)
    heartbeats = HeartbeatSchedule(interval: options.heartbeatInterval)
    self.random = random
  }

  // MARK: Face

  /// Sends INIT. Both sides may do so at once, as WebRTC's do.
  public func connect(at now: Instant, into outbox: Outbox, events: inout [Event]) {
    guard state == .closed, !isOver else { return }
    state = .cookieWait
    retry.start(after: options.initialRetransmissionTimeout, at: now)
    sendInitiation(into: outbox)
    updateDeadline()
  }

  /// Hands in one packet, as DTLS gave it. What is no packet of this association is counted and
  /// dropped.
  public func receive(
    _ packet: Span<UInt8>, at now: Instant, into outbox: Outbox, events: inout [Event]
  ) {
    counters.receivedPackets += 1
    counters.receivedBytes += UInt64(packet.count)
    if !process(packet, at: now, into: outbox, events: &events) { counters.droppedPackets += 1 }
    finish(at: now, into: outbox, events: &events)
  }

  /// Fires every timer that is due. Call it at `deadline`; earlier does no harm.
  public func advance(to now: Instant, into outbox: Outbox, events: inout [Event]) {
    guard !isOver else { return }
    expireRetry(at: now, into: outbox, events: &events)
    receiving?.advance(to: now)
    if isCarryingData {
      sending.advance(to: now)
      advanceResets(to: now)
      advanceHeartbeats(to: now)
      if sending.errorCount > options.maximumRetransmissions {
        giveUp(.peerUnreachable, into: outbox, events: &events)
      }
    }
    finish(at: now, into: outbox, events: &events)
  }

  /// Queues a message, also before the association is connected, and sends what may be sent.
  public func send(
    _ message: SCTPMessage, delivery: SCTPDelivery, at now: Instant, into outbox: Outbox,
    events: inout [Event]
  ) throws(SCTPSendError) {
    switch state {
    case .closed where isOver: throw .closing
    case .shutdownPending, .shutdownSent, .shutdownReceived, .shutdownAckSent: throw .closing
    case .closed, .cookieWait, .cookieEchoed, .established: break
    }
    guard !message.payload.isEmpty else { throw .empty }
    guard message.payload.count <= options.maximumSentMessageSize else { throw .tooLong }
    guard message.stream < negotiatedOutgoingStreams else { throw .noSuchStream }
    guard !resets.concerns(message.stream) else { throw .closing }
    try sending.add(message, delivery: delivery, at: now)
    finish(at: now, into: outbox, events: &events)
  }

  /// Resets outgoing streams (RFC 6525) once what is queued on them has been sent; until the event
  /// comes nothing more is taken for them.
  public func resetStreams(
    _ streams: [UInt16], at now: Instant, into outbox: Outbox, events: inout [Event]
  ) {
    guard !isOver else { return }
    let unknown = streams.filter { $0 >= negotiatedOutgoingStreams }
    if !unknown.isEmpty { events.append(.outgoingResetFailed(unknown)) }
    for stream in Set(streams).subtracting(unknown).sorted() where !resets.concerns(stream) {
      resets.add(stream)
      sending.queue.prepareReset(of: stream)
    }
    finish(at: now, into: outbox, events: &events)
  }

  /// Ends the association in order: what is queued is sent and acknowledged first.
  public func shutdown(at now: Instant, into outbox: Outbox, events: inout [Event]) {
    switch state {
    case .closed, .cookieWait, .cookieEchoed:
      guard !isOver else { return }
      sendAbort(nil, into: outbox)
      close(.closed, events: &events)
    case .established: state = .shutdownPending
    case .shutdownPending, .shutdownSent, .shutdownReceived, .shutdownAckSent: return
    }
    finish(at: now, into: outbox, events: &events)
  }

  /// Ends the association at once, and tells the other side.
  public func abort(into outbox: Outbox, events: inout [Event]) {
    guard !isOver else { return }
    sendAbort(ErrorCause(code: .userInitiatedAbort), into: outbox)
    close(.failed(.aborted), events: &events)
  }

  /// Says how many bytes of messages that were handed out nobody has read yet: the other side may send so much less.
  public func setUnreadByteCount(
    _ byteCount: Int, at now: Instant, into outbox: Outbox, events: inout [Event]
  ) {
    guard !isOver else { return }
    receiving?.setUnreadBytes(byteCount)
    finish(at: now, into: outbox, events: &events)
  }

  /// Bytes of a stream's messages that have not been sent yet.
  public func bufferedAmount(of stream: UInt16) -> Int { sending.queue.byteCount(of: stream) }

  /// Bytes of all messages that have not been sent yet.
  public var totalBufferedAmount: Int { sending.queue.byteCount }

  /// Bytes that a message may have to find room now: what is not acknowledged yet takes room as well.
  public var sendBufferSpace: Int {
    max(0, sending.options.sendBufferLimit - sending.bufferedByteCount)
  }

  /// Falling to `bytes` or below is told by an event; 0 at first.
  public func setBufferedAmountLowThreshold(_ bytes: Int, of stream: UInt16) {
    sending.queue.setLowThreshold(bytes, of: stream)
  }

  /// A stream's share of what can be sent, beside others: 128, 256, 512 or 1024 (RFC 8831 §6.4), 256
  /// at first.
  public func setPriority(_ priority: UInt16, of stream: UInt16) {
    sending.queue.setPriority(priority, of: stream)
  }
}

extension SCTPAssociation {
  /// What has passed so far.
  struct Counters {
    var sentPackets: UInt64 = 0
    var sentBytes: UInt64 = 0
    var receivedPackets: UInt64 = 0
    var receivedBytes: UInt64 = 0
    var droppedPackets: UInt64 = 0
    var droppedChunks: UInt64 = 0
    var duplicateChunks: UInt64 = 0
    var sentAcknowledgements: UInt64 = 0
    var reportedErrors: UInt64 = 0
  }

  /// Whether our data may be sent or be outstanding.
  var isCarryingData: Bool {
    switch state {
    case .established, .shutdownPending, .shutdownReceived, .shutdownSent, .shutdownAckSent: true
    case .closed, .cookieWait, .cookieEchoed: false
    }
  }

  /// Ends it, with the last event.
  func close(_ event: Event, events: inout [Event]) {
    state = .closed
    isOver = true
    deadline = nil
    retry.stop()
    control = []
    receiving = nil
    events.append(event)
  }

  /// Ends it with ABORT.
  func giveUp(
    _ error: SCTPError, cause: ErrorCause? = nil, into outbox: Outbox, events: inout [Event]
  ) {
    guard !isOver else { return }
    sendAbort(cause, into: outbox)
    close(.failed(error), events: &events)
  }
}
