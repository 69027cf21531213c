import Glibc
import Net
import Testing
import Wire

/// Counts what happens to it, and finds out whether it always happens on its loop.
private actor Counter: EventLoopHandler {
  nonisolated let loop: EventLoop
  private(set) var count = 0
  private(set) var turns = 0
  private(set) var isAlwaysOnLoop = true
  private var deadline: Instant?
  private var expecting: CheckedContinuation<Instant, Never>?

  init(on loop: EventLoop) {
    self.loop = loop
    loop.add(self)
  }

  func increment() -> Int {
    note()
    count += 1
    return count
  }

  func incrementTwice() async {
    _ = increment()
    await Task.yield()
    _ = increment()
  }

  /// Waits for the first turn at or after `deadline`, and returns when it was.
  func sleep(until deadline: Instant) async -> Instant {
    self.deadline = deadline
    return await withCheckedContinuation { expecting = $0 }
  }

  func handle(_ readiness: Readiness, of descriptor: Descriptor, at now: Instant) { note() }

  func finishTurn(at now: Instant) -> NextTurn {
    note()
    turns += 1
    // A turn may lie between a call and its wait.
    if let deadline, now >= deadline, let expecting {
      self.deadline = nil
      self.expecting = nil
      expecting.resume(returning: now)
    }
    return NextTurn(deadline: deadline)
  }

  private func note() {
    preconditionIsolated()
    if loop.isIsolatingCurrentContext() != true { isAlwaysOnLoop = false }
  }
}

@Suite(.timeLimit(.minutes(1)))
struct EventLoopTests {
  @Test func `an actor on the loop echoes and is isolated to it`() async throws {
    let loop = try EventLoop(name: "test")
    defer { loop.stop() }
    let echo = try EchoActor(on: loop, socket: try loopbackSocket())
    let client = try loopbackSocket()
    let outbox = Outbox()
    let path = Path(local: client.localAddress, remote: echo.address)
    let sent = (0..<50).map { datagram($0, 100 + $0) }
    for bytes in sent { outbox.append(bytes.span, on: path) }
    client.flush(outbox)
    let received = try collect(sent.count, from: client)
    #expect(received.map(\.bytes) == sent)
    #expect(await echo.wasOffLoop == false)
    #expect(await echo.statistics.receivedDatagrams == 50)
  }

  @Test func `a hundred thousand datagrams make the round trip and leave no memory behind`() async {
    // In a process of its own, where nothing else allocates.
    await #expect(processExitsWith: .success) {
      let loop = try EventLoop(name: "test")
      let echo = try EchoActor(on: loop, socket: try loopbackSocket())
      let client = try loopbackSocket()
      let outbox = Outbox()
      let path = Path(local: client.localAddress, remote: echo.address)
      var slab = ReceiveSlab()
      let packet = datagram(7, 200)
      var before = 0
      for round in 0..<2000 {
        for _ in 0..<50 { outbox.append(packet.span, on: path) }
        client.flush(outbox)
        let deadline = MonotonicClock.now() + .seconds(30)
        while slab.count < 50, MonotonicClock.now() < deadline { client.receive(into: &slab) }
        try #require(slab.count == 50)
        slab.removeAll()
        if round == 500 { before = residentBytes() }
      }
      #expect(await echo.statistics.sentDatagrams == 100_000)
      // 75,000 datagrams of 200 bytes each way; leaking 48 bytes for each would show.
      #expect(residentBytes() - before < 3 << 20)
      loop.stop()
    }
  }

  @Test func `jobs of many tasks run one at a time on the loop`() async throws {
    let loop = try EventLoop(name: "test")
    defer { loop.stop() }
    let counter = Counter(on: loop)
    await withTaskGroup { group in
      for _ in 0..<500 { group.addTask { await counter.incrementTwice() } }
    }
    #expect(await counter.count == 1000)
    #expect(await counter.isAlwaysOnLoop)
  }

  @Test func `a call wakes a loop that waits without end`() async throws {
    let loop = try EventLoop(name: "test")
    defer { loop.stop() }
    let counter = Counter(on: loop)
    for expected in 1...200 { #expect(await counter.increment() == expected) }
  }

  @Test func `a loop with nothing to do takes no turns`() async throws {
    let loop = try EventLoop(name: "test")
    defer { loop.stop() }
    let idle = Counter(on: loop)
    let before = await idle.turns
    let timer = try EventLoop(name: "timer")
    defer { timer.stop() }
    _ = await Counter(on: timer).sleep(until: MonotonicClock.now() + .milliseconds(20))
    // One turn for each of the calls that ask, and for a wake that came late.
    #expect(await idle.turns - before <= 4)
  }

  @Test(arguments: [0, 100, 2_000, 30_000] as [Int64])
  func `a turn comes at the deadline and not before`(microseconds: Int64) async throws {
    let loop = try EventLoop(name: "test")
    defer { loop.stop() }
    let counter = Counter(on: loop)
    let deadline = MonotonicClock.now() + .microseconds(microseconds)
    let woken = await counter.sleep(until: deadline)
    #expect(woken >= deadline)
    #expect(woken - deadline < .seconds(20))
  }

  @Test func `two actors share a loop`() async throws {
    let loop = try EventLoop(name: "test")
    defer { loop.stop() }
    let first = Counter(on: loop)
    let second = Counter(on: loop)
    async let woken = first.sleep(until: MonotonicClock.now() + .milliseconds(5))
    #expect(await second.increment() == 1)
    _ = await woken
    #expect(await first.isAlwaysOnLoop)
    #expect(await second.isAlwaysOnLoop)
  }

  @Test func `a removed handler is let go and takes no further turns`() async throws {
    let loop = try EventLoop(name: "test")
    defer { loop.stop() }
    let counter = Counter(on: loop)
    loop.remove(counter)
    let other = Counter(on: loop)
    _ = await other.increment()
    let turns = await counter.turns
    _ = await other.increment()
    #expect(await counter.turns == turns)
  }

  @Test func `calls after the end still complete, one at a time`() async throws {
    let loop = try EventLoop(name: "test")
    let counter = Counter(on: loop)
    loop.stop()
    loop.stop()
    let late = Lonely(on: loop)
    await withTaskGroup { group in
      for _ in 0..<100 { group.addTask { await late.incrementTwice() } }
    }
    #expect(await late.count == 200)
    withExtendedLifetime(counter) {}
  }

  @Test func `the end joins the thread and closes every descriptor`() async {
    await #expect(processExitsWith: .success) {
      let before = (entries(of: "/proc/self/fd"), entries(of: "/proc/self/task"))
      for _ in 0..<20 {
        let loop = try EventLoop(name: "test")
        _ = try EchoActor(on: loop, socket: try loopbackSocket())
        loop.stop()
      }
      let after = (entries(of: "/proc/self/fd"), entries(of: "/proc/self/task"))
      // The tasks' own threads come and go, but there are only as many as processors.
      #expect(after.0 < before.0 + 20)
      #expect(after.1 < before.1 + 20)
    }
  }

  @Test func `a loop ends itself from within`() async throws {
    let loop = try EventLoop(name: "test")
    let lonely = Lonely(on: loop)
    await lonely.stopLoop()
    await lonely.incrementTwice()
    #expect(await lonely.count == 2)
  }
}

/// Lives on a loop without taking part in its turns.
private actor Lonely: EventLoopActor {
  nonisolated let loop: EventLoop
  private(set) var count = 0

  init(on loop: EventLoop) { self.loop = loop }

  func incrementTwice() async {
    let seen = count + 1
    count = seen
    await Task.yield()
    count += 1
  }

  func stopLoop() { loop.stop() }
}

/// Bytes of memory that the process uses.
private func residentBytes() -> Int {
  guard let file = unsafe fopen("/proc/self/statm", "r") else { return 0 }
  defer { unsafe fclose(file) }
  var text = [CChar](repeating: 0, count: 128)
  guard unsafe fgets(&text, 127, file) != nil else { return 0 }
  let fields = String(decoding: text.map { UInt8(bitPattern: $0) }, as: UTF8.self).split(
    separator: " ")
  return (Int(fields[1]) ?? 0) * 4096
}

/// How many entries a directory has.
private func entries(of path: String) -> Int {
  guard let directory = unsafe opendir(path) else { return -1 }
  defer { unsafe closedir(directory) }
  var count = 0
  while unsafe readdir(directory) != nil { count += 1 }
  return count
}
