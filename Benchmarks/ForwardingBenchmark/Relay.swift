import BenchmarkPeers
import CAllocations
import Cryptography
import Net
import SFU
import Wire

/// The forwarder on a socket, as a media worker has it.
actor Relay: EventLoopHandler {
  /// When a turn lets packets gather.
  enum Gathering: Sendable, Equatable {
    /// For so long after each turn that forwarded something.
    case after(Duration)
    /// For so long from the first packet that ends an idle time on.
    case before(Duration)
  }

  /// What forwarding has cost so far.
  struct Cost: Sendable {
    var time: Duration
    var allocations: UInt64
    var forwarded: UInt64
    var messages: UInt64
  }

  nonisolated let loop: EventLoop
  nonisolated let address: TransportAddress
  private let gathering: Gathering
  private let socket: UDPSocket
  private let room: LoadRoom
  private var slab = ReceiveSlab()
  private var events: [ForwarderEvent] = []
  private var restUntil: Instant?

  /// A relay of one room for each sender, with an equal share of the viewers.
  init(
    on loop: EventLoop, senders: [TransportAddress], viewers: [TransportAddress],
    profile: SRTPProtectionProfile, gathering: Gathering
  ) throws {
    self.loop = loop
    self.gathering = gathering
    socket = try UDPSocket(boundTo: TransportAddress(ip: IPAddress(127, 0, 0, 1), port: 0))
    address = socket.localAddress
    room = LoadRoom(serverAddress: address, at: MonotonicClock.now() - .seconds(10))
    for (number, sender) in senders.enumerated() {
      try room.add(at: sender, in: UInt64(number), profile: profile, sends: true)
    }
    for (number, viewer) in viewers.enumerated() {
      let share = number * senders.count / viewers.count
      try room.add(at: viewer, in: UInt64(share), profile: profile, sends: false)
    }
    room.connect()
    room.exchange(until: MonotonicClock.now())
  }

  /// A sender's packets for so many ticks, two and three by turns.
  func makePackets(of sender: Int, ticks: Int, startsWithKeyFrame: Bool) -> [[[UInt8]]] {
    let outbox = Outbox(byteCapacity: 1 << 14)
    return (0..<ticks).map { tick in
      outbox.removeAll()
      room.peers[sender].appendFrame(
        isKey: startsWithKeyFrame && tick == 0, packetCount: 2 + tick & 1, byteCount: 1150,
        into: outbox)
      return outbox.datagrams.map(outbox.bytes)
    }
  }

  func start() throws {
    loop.add(self)
    try loop.watch(socket.descriptor, handler: self)
  }

  func handle(_ readiness: Readiness, of descriptor: Descriptor, at now: Instant) {
    if case .before(let delay) = gathering, restUntil == nil {
      restUntil = now + delay
      return
    }
    restUntil = nil
    _ = socket.receive(into: &slab)
    Self.take(&slab, by: room, at: now, events: &events)
  }

  func finishTurn(at now: Instant) -> NextTurn {
    let hadPackets = room.forwarder.hasWaitingPackets
    if hadPackets { Self.forward(&slab, by: room, at: now) }
    slab.removeAll()
    room.forwarder.advance(to: now, into: room.outbox, events: &events)
    if !room.outbox.isEmpty { socket.flush(room.outbox) }
    events.removeAll(keepingCapacity: true)
    var next = NextTurn(deadline: room.forwarder.deadline, restUntil: restUntil)
    if hadPackets, case .after(let delay) = gathering { next.restUntil = now + delay }
    return next
  }

  func cost() -> Cost {
    Cost(
      time: MonotonicClock.threadTime(), allocations: allocation_count(),
      forwarded: room.forwarder.forwardedCount, messages: socket.statistics.sentMessages)
  }

  private static func take(
    _ slab: inout ReceiveSlab, by room: LoadRoom, at now: Instant, events: inout [ForwarderEvent]
  ) {
    for index in 0..<slab.count where slab.byteCount(inSlot: index) > 0 {
      let path = slab.path(ofSlot: index)
      var datagram = slab.slot(index)
      room.forwarder.receive(
        &datagram, at: index * ReceiveSlab.slotSize, on: path, at: now, into: room.outbox,
        events: &events)
    }
  }

  private static func forward(_ slab: inout ReceiveSlab, by room: LoadRoom, at now: Instant) {
    var bytes = slab.mutableBytes()
    room.forwarder.forward(&bytes, at: now, into: room.outbox)
  }
}
