import Net
import Wire

/// The senders' sockets: sends packets prepared before in the ticks of pacers that are out of step.
actor Pacers: EventLoopHandler {
  static let tick = Duration.milliseconds(5)

  nonisolated let loop: EventLoop
  nonisolated let addresses: [TransportAddress]
  private let sockets: [UDPSocket]
  private let outbox = Outbox(byteCapacity: 1 << 16)
  private var ticks: [[[[UInt8]]]] = []
  private var server = TransportAddress(ip: IPAddress(v4: 0), port: 0)
  private var next = 0
  private var start = Instant.zero
  private var sentAt: [[Instant]] = []
  private var waiter: CheckedContinuation<[[Instant]], Never>?

  init(on loop: EventLoop, count: Int) throws {
    self.loop = loop
    let loopback = TransportAddress(ip: IPAddress(127, 0, 0, 1), port: 0)
    sockets = try (0..<count).map { _ in try UDPSocket(boundTo: loopback) }
    addresses = sockets.map(\.localAddress)
    loop.add(self)
  }

  func handle(_ readiness: Readiness, of descriptor: Descriptor, at now: Instant) {}

  /// Sends the packets of each sender's ticks at their time, and returns when each packet left.
  func send(_ ticks: [[[[UInt8]]]], to server: TransportAddress) async -> [[Instant]] {
    self.ticks = ticks
    self.server = server
    next = 0
    start = MonotonicClock.now()
    sentAt = ticks.map { _ in [] }
    return await withCheckedContinuation { waiter = $0 }
  }

  func finishTurn(at now: Instant) -> NextTurn {
    guard let waiter else { return NextTurn() }
    let interval = Self.tick.nanoseconds / Int64(sockets.count)
    while next < ticks[0].count * sockets.count {
      let due = start + Duration(nanoseconds: interval * Int64(next))
      guard due <= now else { return NextTurn(deadline: due) }
      send(next / sockets.count, of: next % sockets.count)
      next += 1
    }
    waiter.resume(returning: sentAt)
    self.waiter = nil
    return NextTurn()
  }

  private func send(_ tick: Int, of sender: Int) {
    let path = Path(local: addresses[sender], remote: server)
    for packet in ticks[sender][tick] {
      sentAt[sender].append(MonotonicClock.now())
      // One by one, as a browser sends them.
      outbox.append(packet.span, on: path)
      sockets[sender].flush(outbox)
    }
  }
}

/// The viewers' sockets, looked at every 100 µs, so that the relay does not pay for waking anybody: real viewers are
/// elsewhere.
actor Viewers: EventLoopHandler {
  /// A packet's arrival at one viewer.
  struct Arrival: Sendable {
    var viewer: Int
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
    arrivals.append(Arrival(viewer: viewer, index: Int(number &- first), time: now))
  }
}
