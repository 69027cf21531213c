import CAllocations
import Net
import Wire

/// Counts its own turns, and what they cost.
actor TurnCounter: EventLoopHandler {
  struct Cost: Sendable {
    var turns = 0
    var time = Duration.zero
    var allocations: UInt64 = 0
  }

  nonisolated let loop: EventLoop
  private var cost = Cost()
  private var isSpinning = false

  init(on loop: EventLoop) {
    self.loop = loop
    loop.add(self)
  }

  func handle(_ readiness: Readiness, of descriptor: Descriptor, at now: Instant) {}

  func finishTurn(at now: Instant) -> NextTurn {
    cost.turns += 1
    return NextTurn(deadline: isSpinning ? .zero : nil)
  }

  /// Has turns follow each other at once from now on, or no longer; returns what they cost so far.
  func spin(_ isSpinning: Bool) -> Cost {
    self.isSpinning = isSpinning
    cost.time = MonotonicClock.threadTime()
    cost.allocations = allocation_count()
    return cost
  }

  func ping() -> Int {
    cost.turns += 1
    return cost.turns
  }
}

/// What an empty turn and a call from outside cost.
func measureLoop() async throws -> [Measurement] {
  let loop = try EventLoop(name: "turns")
  defer { loop.stop() }
  let counter = TurnCounter(on: loop)
  let before = await counter.spin(true)
  let end = MonotonicClock.now() + .milliseconds(300)
  while MonotonicClock.now() < end {}
  let after = await counter.spin(false)
  let turns = Double(after.turns - before.turns)
  var trips: [Double] = []
  for _ in 0..<5 {
    let start = MonotonicClock.now()
    for _ in 0..<2000 { _ = await counter.ping() }
    trips.append(Double((MonotonicClock.now() - start).nanoseconds) / 1000 / 2000)
  }
  return [
    Measurement(
      "empty turn", [Double((after.time - before.time).nanoseconds) / 1000 / turns], unit: "CPU-µs"),
    Measurement(
      "empty turn, allocations", [Double(after.allocations - before.allocations) / turns],
      unit: "/turn"),
    Measurement("call to an actor on the loop and back", trips, unit: "µs"),
  ]
}

/// What receiving costs, in bursts of `burst`.
func measureReceiving(burst: Int) throws -> [Measurement] {
  let loopback = TransportAddress(ip: IPAddress(127, 0, 0, 1), port: 0)
  let receiver = try UDPSocket(boundTo: loopback)
  let sender = try UDPSocket(boundTo: loopback)
  let path = Path(local: sender.localAddress, remote: receiver.localAddress)
  let outbox = Outbox()
  var slab = ReceiveSlab()
  let packet = [UInt8](repeating: 0x80, count: 1200)
  var times: [Double] = []
  var allocations: [Double] = []
  for round in 0..<6 {
    var time = Duration.zero
    var allocated: UInt64 = 0
    var count = 0
    for _ in 0..<500 {
      for _ in 0..<burst { outbox.append(packet.span, on: path) }
      sender.flush(outbox)
      let before = allocation_count()
      let start = MonotonicClock.threadTime()
      count += receiver.receive(into: &slab)
      time = time + (MonotonicClock.threadTime() - start)
      allocated += allocation_count() - before
      slab.removeAll()
    }
    guard round > 0 else { continue }
    times.append(Double(time.nanoseconds) / 1000 / Double(count))
    allocations.append(Double(allocated) / Double(count))
  }
  return [
    Measurement("receive, bursts of \(burst)", times, unit: "CPU-µs/datagram"),
    Measurement("receive, bursts of \(burst), allocations", allocations, unit: "/datagram"),
  ]
}
