internal import Wire

/// The sending half of an association: queues, what is outstanding, timers and congestion control.
///
/// It knows chunks, and neither packets nor states. Its owner begins a packet and has `write` fill it as
/// long as `wantsToSend`, hands in SACKs, and calls `advance` at `deadline`.
struct SendingSide: Sendable {
  let options: SCTPOptions
  var queue: SendQueue
  var outstanding: OutstandingData
  var timeout: RetransmissionTimeout
  var minimumRoundTrip = MinimumRoundTrip()
  var detection = LossDetection()
  var congestion: CongestionController
  var rate = DeliveryRate()
  var pacer = Pacer()
  var forwarding: Forwarding
  var metrics = SendingMetrics()

  /// Whether data may leave: the other side's window is known.
  var isStarted = false
  /// Whether the other side knows FORWARD-TSN (RFC 3758 §3.3), or else I-FORWARD-TSN.
  var usesPartialReliability = false
  /// Payload bytes that were sent and are not yet acknowledged cumulatively.
  var outstandingByteCount = 0
  /// a_rwnd of the newest SACK.
  var advertisedWindow = 0
  /// Beyond this chunk the newest SACK had no room to tell of what arrived.
  var acknowledgementHorizon = Int64.max
  /// Expiries in a row without an answer, heartbeats of the owner included (RFC 9260 §8.1).
  var errorCount = 0

  /// Counts packets with data.
  var nextPacket: Int64 = 0
  /// Losses of packets before this one have had their reduction.
  var recoveryStart: Int64 = 0
  var isRecovering = false
  /// One packet may leave whatever the window says (RFC 9260 §7.2.4 step 3).
  var mayExceedWindow = false
  /// The congestion window kept something from leaving since the last SACK.
  var wasWindowLimited = false
  /// Losses the congestion controller was not told of.
  var unreported = Losses()
  var probe = TailLossProbe()
  /// The controller before the retransmission timer expired, in case that was wrong.
  var undo: CongestionController?

  /// T3-rtx.
  var retransmissionDeadline: Instant?
  var reorderingDeadline: Instant?
  var pacingDeadline: Instant?

  /// The sending half of an association whose first chunk gets `initialTSN`.
  init(options: SCTPOptions, initialTSN: UInt32) {
    self.options = options
    // Common header and the longer of the two chunk headers; chunks end on multiples of four.
    let room = options.maximumPacketSize - 12 - DataHeader.byteCount(isInterleaved: false)
    queue = SendQueue(pieceLimit: max(room & ~3, 4))
    outstanding = OutstandingData(initialTSN: initialTSN)
    forwarding = Forwarding(cumulative: Int64(initialTSN) - 1)
    timeout = RetransmissionTimeout(
      initial: options.initialRetransmissionTimeout, minimum: options.minimumRetransmissionTimeout,
      maximum: options.maximumRetransmissionTimeout)
    congestion = CongestionController(
      options.congestionControl, packetSize: options.maximumPacketSize)
  }

  /// The other side is there and takes `peerWindow` bytes: data may leave from now on.
  mutating func start(peerWindow: UInt32, isInterleaved: Bool, usesPartialReliability: Bool) {
    isStarted = true
    advertisedWindow = Int(peerWindow)
    queue.isInterleaved = isInterleaved
    self.usesPartialReliability = usesPartialReliability
  }

  // MARK: Messages

  /// Queues a message. Whether the stream exists and the association is open is the owner's to know.
  mutating func add(
    _ message: SCTPMessage, delivery: SCTPDelivery, at now: Instant
  ) throws(SCTPSendError) {
    guard !message.payload.isEmpty else { throw .empty }
    guard message.payload.count <= options.maximumSentMessageSize else { throw .tooLong }
    guard bufferedByteCount + message.payload.count <= options.sendBufferLimit else {
      queue.noteRefusal(of: message.stream)
      throw .bufferFull
    }
    queue.add(message, delivery, at: now)
  }

  /// Payload bytes that wait to be sent or acknowledged.
  var bufferedByteCount: Int { queue.byteCount + outstandingByteCount }

  /// Whether nothing waits to be sent or acknowledged.
  @inline(__always)
  var isEmpty: Bool { queue.byteCount == 0 && outstanding.isEmpty }

  /// The TSN of the newest chunk (RFC 6525 §4.1), one before the first where there is none.
  var lastAssignedTSN: UInt32 { OutstandingData.tsn(of: outstanding.next - 1) }

  /// The TSN of the next chunk.
  var nextTSN: UInt32 { OutstandingData.tsn(of: outstanding.next) }

  /// The newest TSN the other side acknowledged cumulatively.
  var acknowledgedTSN: UInt32 { OutstandingData.tsn(of: outstanding.cumulative) }

  // MARK: Windows

  /// What the other side can still take, in bytes.
  var peerWindow: Int { max(advertisedWindow - outstanding.inFlightByteCount, 0) }

  var smoothedRoundTrip: Duration {
    timeout.smoothed ?? options.initialRetransmissionTimeout
  }

  var leastRoundTrip: Duration { minimumRoundTrip.duration ?? smoothedRoundTrip }

  // MARK: Time

  /// When to call `advance`.
  // Inlined, since reading it from a class would otherwise copy the whole value.
  @inline(__always)
  var deadline: Instant? {
    var earliest = retransmissionDeadline
    for other in [reorderingDeadline, probe.deadline, pacingDeadline] {
      guard let other else { continue }
      earliest = earliest.map { min($0, other) } ?? other
    }
    return earliest
  }

  /// Fires the timers that are due. The owner sends afterwards what `wantsToSend`.
  mutating func advance(to now: Instant) {
    if let due = pacingDeadline, due <= now { pacingDeadline = nil }
    if let due = reorderingDeadline, due <= now { detectLosses(at: now) }
    if let due = retransmissionDeadline, due <= now {
      expire(at: now)
    } else if let due = probe.deadline, due <= now {
      probe.deadline = nil
      probe.isPending = true
    }
  }
}
