import Net
import Synchronization
import Wire

/// Receivers that read without ever sleeping, so that sending does not pay for waking them.
actor Drain: EventLoopHandler {
  nonisolated let loop: EventLoop
  nonisolated let addresses: [TransportAddress]
  nonisolated let received = Atomic<Int>(0)
  private let sockets: [UDPSocket]
  private var slab = ReceiveSlab(slotCount: 64)

  init(on loop: EventLoop, count: Int) throws {
    self.loop = loop
    let loopback = TransportAddress(ip: IPAddress(127, 0, 0, 1), port: 0)
    let sockets = try (0..<count).map { _ in try UDPSocket(boundTo: loopback) }
    addresses = sockets.map(\.localAddress)
    self.sockets = sockets
    loop.add(self)
  }

  func handle(_ readiness: Readiness, of descriptor: Descriptor, at now: Instant) {}

  func finishTurn(at now: Instant) -> NextTurn {
    var count = 0
    for socket in sockets {
      count += socket.receive(into: &slab)
      slab.removeAll()
    }
    received.add(count, ordering: .relaxed)
    return NextTurn(deadline: .zero)
  }

  /// Waits until `count` datagrams have come in all, or for a second.
  nonisolated func settle(_ count: Int) {
    let deadline = MonotonicClock.now() + .seconds(1)
    while received.load(ordering: .relaxed) < count, MonotonicClock.now() < deadline {}
  }
}
