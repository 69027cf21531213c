import Net
import Wire

/// The sender's socket: sends packets prepared before in the ticks of a pacer.
actor Pacer: EventLoopHandler {
  static let tick = Duration.milliseconds(5)

  nonisolated let loop: EventLoop
  nonisolated let address: TransportAddress
  private let socket: UDPSocket
  private let outbox = Outbox(byteCapacity: 1 << 16)
  private var ticks: [[[UInt8]]] = []
  private var path: Path?
  private var nextTick = 0
  private var nextAt = Instant.zero
  private var sentAt: [Instant] = []
  private var waiter: CheckedContinuation<[Instant], Never>?

  init(on loop: EventLoop) throws {
    self.loop = loop
    socket = try UDPSocket(boundTo: TransportAddress(ip: IPAddress(127, 0, 0, 1), port: 0))
    address = socket.localAddress
    loop.add(self)
  }

  func handle(_ readiness: Readiness, of descriptor: Descriptor, at now: Instant) {}

  /// Sends the packets of each tick at its time, and returns when each packet left.
  func send(_ ticks: [[[UInt8]]], by path: Path) async -> [Instant] {
    self.ticks = ticks
    self.path = path
    nextTick = 0
    nextAt = MonotonicClock.now()
    sentAt = []
    return await withCheckedContinuation { waiter = $0 }
  }

  func finishTurn(at now: Instant) -> NextTurn {
    guard let path, nextTick < ticks.count else {
      waiter?.resume(returning: sentAt)
      waiter = nil
      return NextTurn()
    }
    if nextAt <= now {
      for packet in ticks[nextTick] {
        sentAt.append(MonotonicClock.now())
        // One by one, as a browser sends them.
        outbox.append(packet.span, on: path)
        socket.flush(outbox)
      }
      nextTick += 1
      nextAt = nextAt + Self.tick
    }
    return NextTurn(deadline: nextTick < ticks.count ? nextAt : now)
  }
}

/// The viewers' sockets, looked at every 100 µs, so that the relay does not pay for waking anybody: real viewers are
/// elsewhere.
actor Viewers: EventLoopHandler {
  /// A packet's arrival at one viewer.
  struct Arrival: Sendable {
    var index: Int
    var time: Instant
  }

  nonisolated let loop: EventLoop
  nonisolated let addresses: [TransportAddress]
  private let sockets: [UDPSocket]
  private var slab = ReceiveSlab(slotCount: 64)
  private var firstNumbers: [UInt16?]
  private var arrivals: [Arrival] = []

  init(on loop: EventLoop, count: Int, capacity: Int) throws {
    self.loop = loop
    sockets = try (0..<count).map { number in
      let host = IPAddress(v4: UInt32(0x7f01_0001) + UInt32(number))
      return try UDPSocket(boundTo: TransportAddress(ip: host, port: 0))
    }
    addresses = sockets.map(\.localAddress)
    firstNumbers = Array(repeating: nil, count: count)
    arrivals.reserveCapacity(capacity)
  }

  func start() { loop.add(self) }

  func handle(_ readiness: Readiness, of descriptor: Descriptor, at now: Instant) {}

  func finishTurn(at now: Instant) -> NextTurn {
    for viewer in sockets.indices where sockets[viewer].receive(into: &slab) > 0 {
      let now = MonotonicClock.now()
      for slot in 0..<slab.count { note(slot, viewer, now) }
      slab.removeAll()
    }
    return NextTurn(deadline: now + .microseconds(100))
  }

  func all() -> [Arrival] { arrivals }

  private func note(_ slot: Int, _ viewer: Int, _ now: Instant) {
    let bytes = slab.slot(slot)
    // Nothing but media: no connectivity check, no RTCP.
    guard bytes.count > 12, bytes[0] >> 6 == 2, bytes[1] & 0x7f == 96 else { return }
    let number = UInt16(bytes[2]) << 8 | UInt16(bytes[3])
    let first = firstNumbers[viewer] ?? number
    firstNumbers[viewer] = first
    arrivals.append(Arrival(index: Int(number &- first), time: now))
  }
}
