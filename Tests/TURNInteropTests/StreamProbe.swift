import Net
import Wire

/// A TCP connection to a server, and what becomes of it.
actor StreamProbe: EventLoopHandler {
  nonisolated let loop: EventLoop
  private let connection: TCPConnection
  private var received: [UInt8] = []
  private var condition: @Sendable ([UInt8], Bool) -> Bool = { _, _ in false }
  private var waiting: CheckedContinuation<Void, Never>?

  /// Of the messages in it so many bytes were given out.
  private var consumed = 0

  init(
    on loop: EventLoop, to address: TransportAddress, from local: TransportAddress? = nil
  ) throws {
    self.loop = loop
    connection = try TCPConnection(to: address, from: local)
    loop.add(self)
  }

  func start() throws { try connection.attach(to: self) }

  func write(_ bytes: [UInt8]) { _ = connection.write(bytes.span) }

  /// The next STUN message, empty if there is none.
  func nextMessage() async -> [UInt8] {
    let start = consumed
    @Sendable func end(_ bytes: [UInt8]) -> Int? {
      guard bytes.count >= start + 20 else { return nil }
      let end = start + 20 + Int(bytes[start + 2]) << 8 + Int(bytes[start + 3])
      return end <= bytes.count ? end : nil
    }
    await wait { bytes, isOver in isOver || end(bytes) != nil }
    guard let end = end(received) else { return [] }
    consumed = end
    return Array(received[start..<end])
  }

  func close() { connection.close() }

  func handle(_ readiness: Readiness, of descriptor: Descriptor, at now: Instant) {
    connection.handle(readiness) { bytes in
      received.append(addingCapacity: bytes.count) { $0.append(copying: bytes) }
    }
  }

  func finishTurn(at now: Instant) -> NextTurn {
    let isOver = connection.phase.isOver || connection.phase == .ended
    if let waiting, condition(received, isOver) {
      self.waiting = nil
      waiting.resume()
    }
    return NextTurn()
  }

  /// Waits until the other side has closed.
  func waitForEnd() async { await wait { _, isOver in isOver } }

  /// Waits for so many bytes; gives what came.
  func wait(for count: Int) async -> [UInt8] {
    await wait { bytes, isOver in isOver || bytes.count >= count }
    return received
  }

  private func wait(until condition: @escaping @Sendable ([UInt8], Bool) -> Bool) async {
    self.condition = condition
    await withCheckedContinuation { waiting = $0 }
  }
}
