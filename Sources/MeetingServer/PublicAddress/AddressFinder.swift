import Net
import Wire

/// Asks a STUN server by a port of its own.
actor AddressFinder: EventLoopHandler {
  nonisolated let loop: EventLoop
  /// The port that it asks from.
  nonisolated let port: UInt16
  private let socket: UDPSocket
  private let outbox = Outbox(byteCapacity: 1_024)
  private var slab = ReceiveSlab(slotCount: 4)
  private var question: BindingQuestion
  private var waiting: CheckedContinuation<BindingQuestion.Outcome, Never>?

  /// Binds `local` and gets ready to ask `server`.
  init(from local: TransportAddress, asking server: TransportAddress) throws(SystemError) {
    loop = try EventLoop(name: "address")
    socket = try UDPSocket(boundTo: local)
    port = socket.localAddress.port
    var random = SystemRandomNumberGenerator()
    question = BindingQuestion(
      on: Path(local: socket.localAddress, remote: server), random: &random,
      at: MonotonicClock.now())
  }

  /// What the server says. To be called once.
  func ask() async throws(SystemError) -> BindingQuestion.Outcome {
    loop.add(self)
    try loop.watch(socket.descriptor, for: .readable, handler: self)
    return await withCheckedContinuation { waiting = $0 }
  }

  /// Ends the thread and lets go of the port.
  nonisolated func stop() { loop.stop() }

  func handle(_ readiness: Readiness, of descriptor: Descriptor, at now: Instant) {
    socket.receive(into: &slab)
    for index in 0..<slab.count where slab.byteCount(inSlot: index) > 0 {
      let sender = slab.path(ofSlot: index).remote
      let datagram = slab.slot(index)
      question.receive(datagram.span, from: sender)
    }
    slab.removeAll()
  }

  func finishTurn(at now: Instant) -> NextTurn {
    question.advance(to: now, into: outbox)
    socket.flush(outbox)
    if let outcome = question.outcome, let waiting {
      self.waiting = nil
      waiting.resume(returning: outcome)
    }
    return NextTurn(deadline: question.deadline)
  }
}
