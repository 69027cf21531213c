import Net
import Wire

/// Sends every datagram back to where it came from, turn by turn.
actor EchoActor: EventLoopHandler {
  nonisolated let loop: EventLoop
  nonisolated let address: TransportAddress
  private let socket: UDPSocket
  private let outbox = Outbox()
  private var slab = ReceiveSlab(slotCount: 64)
  private(set) var wasOffLoop = false

  init(on loop: EventLoop, socket: sending UDPSocket) throws {
    self.loop = loop
    self.socket = socket
    address = socket.localAddress
    loop.add(self)
    try loop.watch(socket.descriptor, handler: self)
  }

  func handle(_ readiness: Readiness, of descriptor: Descriptor, at now: Instant) {
    socket.receive(into: &slab)
    for index in 0..<slab.count where slab.byteCount(inSlot: index) > 0 {
      let path = slab.path(ofSlot: index)
      slab.withSlot(index) { outbox.append($0.span, on: path) }
    }
    slab.removeAll()
    if loop.isIsolatingCurrentContext() != true { wasOffLoop = true }
  }

  func finishTurn(at now: Instant) -> NextTurn {
    socket.flush(outbox)
    return NextTurn()
  }

  var statistics: SocketStatistics { socket.statistics }
}
