import Net
import Wire

/// A peer that sends back what it gets.
actor EchoPeer: EventLoopHandler {
  nonisolated let loop: EventLoop
  nonisolated let address: TransportAddress
  private let socket: UDPSocket
  private let outbox = Outbox()

  init(on loop: EventLoop, at ip: IPAddress) throws {
    self.loop = loop
    let socket = try UDPSocket(boundTo: TransportAddress(ip: ip, port: 0))
    let descriptor = socket.descriptor
    self.socket = socket
    address = socket.localAddress
    loop.add(self)
    try loop.watch(descriptor, handler: self)
  }

  func handle(_ readiness: Readiness, of descriptor: Descriptor, at now: Instant) {
    for (bytes, path) in readAll(socket) { outbox.append(bytes.span, on: path) }
    socket.flush(outbox)
  }

  func finishTurn(at now: Instant) -> NextTurn { NextTurn() }
}

/// What has arrived at a socket.
func readAll(_ socket: UDPSocket) -> [(bytes: [UInt8], path: Path)] {
  var slab = ReceiveSlab(slotCount: 64)
  socket.receive(into: &slab)
  var datagrams: [([UInt8], Path)] = []
  for index in 0..<slab.count {
    let path = slab.path(ofSlot: index)
    let slot = slab.slot(index)
    let bytes = slot.span
    datagrams.append(([UInt8](capacity: bytes.count) { $0.append(copying: bytes) }, path))
  }
  return datagrams
}
