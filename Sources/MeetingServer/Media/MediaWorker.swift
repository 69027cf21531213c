import Cryptography
import DTLS
import ICE
import Net
import Peer
import Relay
import SDP
import SFU
import Wire

/// One thread with one UDP socket and many rooms. All workers' sockets share one port.
///
/// Its executor is its event loop: control calls come in as actor calls, and datagrams are handled
/// synchronously between them.
actor MediaWorker: EventLoopHandler {
  nonisolated let loop: EventLoop
  nonisolated let port: UInt16
  /// Which of the workers it is.
  nonisolated let index: Int
  nonisolated let inbox: WorkerInbox
  nonisolated let events: AsyncStream<MediaEvent>
  /// What others need to send by the worker's port.
  nonisolated let share: UDPSocket.Share
  /// Where clients are told to send.
  var addresses: MediaAddresses
  private let feed: AsyncStream<MediaEvent>.Continuation
  let socket: UDPSocket
  var candidates: [ICECandidate]
  /// What all workers wait for together.
  let inquiry: AddressInquiry
  var streamOffer: StreamOffer?
  /// Where connections are taken.
  var streamCandidates: [ICECandidate] = []
  nonisolated let desk: StreamDesk
  /// Connections of peers.
  var streams: [Path: OpenStream] = [:]
  var streamCounts = StreamCounts()
  let timeToProveStream: Duration
  let streamIdleTime: Duration
  /// When to look for connections that are nobody's.
  var nextStreamSweep: Instant?
  private let burstDelay: Duration
  let context: DTLSContext
  let forwarder: SelectiveForwarder
  let clockPeers: ClockPeers
  let outbox = Outbox(byteCapacity: 1 << 20)
  var slab = ReceiveSlab(slotCount: 256)
  /// The inboxes of all workers, this one's own too, in their order.
  var inboxes: [WorkerInbox] = []
  var routes = PathRoutes()
  /// Slots whose datagrams are for others, by worker.
  var strays: [[Int]] = []
  var handedOverCount: UInt64 = 0
  /// What others have left here, and how much of it has been taken.
  var arrivals = DatagramBatch()
  var takenArrivals = 0
  var codecs: RoomCodecs
  var sessions: [PeerID: NegotiatedSession] = [:]
  var pendingEvents: [ForwarderEvent] = []
  var forwardTimes = ForwardTimes()
  /// When the first of the packets was read that are being forwarded.
  var batchBegunAt: Instant?
  /// Whether anything came in this turn.
  var hasReceived = false
  /// Where what is no peer's but a TURN client's goes.
  var door: RelayDoor?
  var random = RandomSource.system

  /// Binds the socket, to a port that other workers have already where `sharesPort`, and starts the thread.
  init(
    configuration: MediaConfiguration, index: Int, sharesPort: Bool, identity: DTLSIdentity,
    inquiry: AddressInquiry
  ) throws {
    self.index = index
    inbox = try WorkerInbox()
    socket = try Self.socket(configuration, sharesPort: sharesPort)
    port = socket.localAddress.port
    share = socket.share
    addresses = try MediaAddresses(configuration)
    candidates = Self.candidates(addresses.all(port: port))
    self.inquiry = inquiry
    clockPeers = ClockPeers(places: configuration.measurements, time: Self.timeOfDay)
    burstDelay = configuration.burstDelay
    timeToProveStream = configuration.timeToProveStream
    streamIdleTime = configuration.streamIdleTime
    codecs = RoomCodecs(allowed: configuration.videoCodecs)
    context = try DTLSContext(identity: identity)
    forwarder = SelectiveForwarder(clockOffset: MonotonicClock.unixOffset())
    (events, feed) = AsyncStream.makeStream(bufferingPolicy: .unbounded)
    loop = try EventLoop(name: "media-\(index)")
    desk = StreamDesk(loop: loop)
  }

  /// Hands what a TURN client sends to the media port to a relay.
  func lead(to door: RelayDoor) { self.door = door }

  /// Takes part in the loop from now on. `inboxes` are those of all workers.
  func start(inboxes: [WorkerInbox]) throws(SystemError) {
    self.inboxes = inboxes
    strays = [[Int]](repeating: [], count: inboxes.count)
    loop.add(self)
    try loop.watch(inbox.datagrams.signal.descriptor, for: .readable, handler: self)
    try loop.watch(socket.descriptor, for: .readable, handler: self)
  }

  /// Ends all peers and the thread.
  func stop() {
    clockPeers.removeAll(into: outbox)
    flush()
    feed.finish()
    loop.unwatch(socket.descriptor)
    loop.unwatch(inbox.datagrams.signal.descriptor)
    loop.remove(self)
    loop.stop()
  }

  func handle(_ readiness: Readiness, of descriptor: Descriptor, at now: Instant) {
    if inboxes.count > 1 { learnRoutes(at: now) }
    if descriptor === inbox.datagrams.signal.descriptor { return takeArrivals(at: now) }
    // The kernel reports again what is left, and timers and control calls get their turn in between.
    var mayHaveMore = true
    for _ in 0..<4 where mayHaveMore {
      let first = slab.count
      if batchBegunAt == nil { batchBegunAt = now }
      if socket.receive(into: &slab) > 0 { hasReceived = true }
      if inboxes.count > 1 { handOver(from: first) }
      Self.take(
        &slab, from: first, by: forwarder, or: clockPeers, or: inquiry, or: door, at: now,
        into: outbox, events: &pendingEvents)
      mayHaveMore = slab.isFull
      if mayHaveMore { forward(at: now) }
    }
  }

  func finishTurn(at now: Instant) -> NextTurn {
    receiveStreams(at: now)
    forward(at: now)
    forwarder.advance(to: now, into: outbox, events: &pendingEvents)
    clockPeers.advance(to: now, into: outbox)
    if index == 0 { inquiry.advance(to: now, into: outbox) }
    flush()
    var deadline = forwarder.deadline
    for other in [clockPeers.deadline, nextStreamSweep, index == 0 ? inquiry.deadline : nil] {
      if let other { deadline = min(deadline ?? other, other) }
    }
    // What viewers tell of what arrives comes at any time: each would be a turn of its own.
    defer { hasReceived = false }
    return NextTurn(deadline: deadline, restUntil: hasReceived ? now + burstDelay : nil)
  }

  static func take(
    _ slab: inout ReceiveSlab, from first: Int, by forwarder: SelectiveForwarder,
    or clockPeers: ClockPeers, or inquiry: AddressInquiry, or door: RelayDoor?, at now: Instant,
    into outbox: Outbox, events: inout [ForwarderEvent]
  ) {
    var isForRelay = false
    for index in first..<slab.count where slab.byteCount(inSlot: index) > 0 {
      let path = slab.path(ofSlot: index)
      let datagram = slab.slot(index)
      if let door, RelayDoor.isForRelay(datagram.span) {
        isForRelay = true
        door.post(datagram.span, on: path)
        continue
      }
      take(
        &slab, slot: index, on: path, by: forwarder, or: clockPeers, or: inquiry, at: now,
        into: outbox, events: &events)
    }
    if isForRelay { door?.ring() }
  }

  static func take(
    _ slab: inout ReceiveSlab, slot index: Int, on path: Path, by forwarder: SelectiveForwarder,
    or clockPeers: ClockPeers, or inquiry: AddressInquiry, at now: Instant, into outbox: Outbox,
    events: inout [ForwarderEvent]
  ) {
    var datagram = slab.slot(index)
    let isKnown = forwarder.receive(
      &datagram, at: index * ReceiveSlab.slotSize, on: path, at: now, into: outbox, events: &events)
    if isKnown || clockPeers.receive(&datagram, on: path, at: now, into: outbox) { return }
    inquiry.receive(datagram.span, from: path.remote)
  }

  func forward(at now: Instant) {
    let before = forwarder.forwardedCount
    if forwarder.hasWaitingPackets {
      Self.forward(&slab, by: forwarder, at: now, into: outbox)
    }
    slab.removeAll()
    send()
    let count = forwarder.forwardedCount &- before
    if count > 0, let batchBegunAt {
      forwardTimes.note(MonotonicClock.now() - batchBegunAt, packetCount: count)
    }
    batchBegunAt = nil
  }

  private static func forward(
    _ slab: inout ReceiveSlab, by forwarder: SelectiveForwarder, at now: Instant,
    into outbox: Outbox
  ) {
    var bytes = slab.mutableBytes()
    forwarder.forward(&bytes, at: now, into: outbox)
  }

  private func send() {
    guard !outbox.isEmpty else { return }
    sendStreams()
    socket.flush(outbox)
  }

  private func flush() {
    send()
    for event in pendingEvents { feed.yield(MediaEvent(event, rids: forwarder.rids)) }
    pendingEvents.removeAll(keepingCapacity: true)
  }
}
