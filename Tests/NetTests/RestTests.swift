import Net
import Testing
import Wire

/// Rests before it reads, and notes when it was given what.
private actor Rester: EventLoopHandler {
  nonisolated let loop: EventLoop
  nonisolated let address: TransportAddress
  private let socket: UDPSocket
  private var slab = ReceiveSlab()
  private var restUntil: Instant?
  private var pause: Duration?
  private(set) var handledAt: [Instant] = []
  private(set) var turnCount = 0
  private var expected = 0
  private var expecting: CheckedContinuation<Void, Never>?
  private var deadline: Instant?
  private var ending: CheckedContinuation<Int, Never>?

  init(on loop: EventLoop, socket: sending UDPSocket) throws {
    self.loop = loop
    self.socket = socket
    address = socket.localAddress
    loop.add(self)
    try loop.watch(socket.descriptor, handler: self)
  }

  func rest(until instant: Instant) { restUntil = instant }

  func restAfterEachTurn(for pause: Duration) { self.pause = pause }

  func receive(_ count: Int) async {
    expected = count
    await withCheckedContinuation { expecting = $0 }
  }

  /// Turns from this call's own to the one that is due when `duration` is over, both counted.
  func turns(within duration: Duration) async -> Int {
    let before = turnCount
    deadline = MonotonicClock.now() + duration
    return await withCheckedContinuation { ending = $0 } - before
  }

  func handle(_ readiness: Readiness, of descriptor: Descriptor, at now: Instant) {
    handledAt.append(now)
    socket.receive(into: &slab)
  }

  func finishTurn(at now: Instant) -> NextTurn {
    turnCount += 1
    // A turn may lie between a call and its wait.
    if let expecting, slab.count >= expected {
      self.expecting = nil
      expecting.resume()
    }
    if let due = deadline, due <= now, let ending {
      deadline = nil
      self.ending = nil
      ending.resume(returning: turnCount)
    }
    return NextTurn(deadline: deadline, restUntil: pause.map { now + $0 } ?? restUntil)
  }

  func ping() -> Int { handledAt.count }
}

@Suite(.timeLimit(.minutes(1)))
struct RestTests {
  @Test func `descriptors are left alone until the rest is over, while calls are served`()
    async throws
  {
    let loop = try EventLoop(name: "test")
    defer { loop.stop() }
    let rester = try Rester(on: loop, socket: try loopbackSocket())
    let client = try loopbackSocket()
    let until = MonotonicClock.now() + .milliseconds(20)
    await rester.rest(until: until)
    let outbox = Outbox()
    for number in 0..<10 {
      outbox.append(
        datagram(number, 50).span,
        on: Path(local: client.localAddress, remote: rester.address))
      client.flush(outbox)
      let handled = await rester.ping()
      #expect(handled == 0 || MonotonicClock.now() >= until)
    }
    await rester.receive(10)
    let first = try #require(await rester.handledAt.first)
    #expect(first >= until)
  }

  @Test func `no rest lasts for ever`() async throws {
    let loop = try EventLoop(name: "test")
    defer { loop.stop() }
    let rester = try Rester(on: loop, socket: try loopbackSocket())
    let client = try loopbackSocket()
    await rester.rest(until: Instant(nanoseconds: .max))
    let outbox = Outbox()
    outbox.append(
      datagram(1, 50).span, on: Path(local: client.localAddress, remote: rester.address))
    client.flush(outbox)
    await rester.receive(1)
  }

  @Test func `a rest in which nothing gathered is followed by no turn`() async throws {
    let loop = try EventLoop(name: "test")
    defer { loop.stop() }
    let rester = try Rester(on: loop, socket: try loopbackSocket())
    await rester.restAfterEachTurn(for: .milliseconds(1))
    // That of the call, that of the deadline a hundred rests later, and one for a wake that came as the call was
    // taken already.
    let turns = await rester.turns(within: .milliseconds(100))
    #expect(turns <= 3)
  }
}
