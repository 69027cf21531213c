import Net
import STUN
import Testing
import Wire

/// A way to the server that carries messages.
protocol MessageStream: Sendable {
  func write(_ bytes: [UInt8]) async
  func nextMessage() async -> [UInt8]
}

extension StreamProbe: MessageStream {}

/// A client of TCP allocations (RFC 6062) by hand.
struct ConnectionClient {
  typealias Write = (inout OutputSpan<UInt8>, STUNTransactionID) -> Void

  private static let key = STUNLongTermKey(username: "alice", realm: "relay", password: "secret")

  let loop: EventLoop
  private let server: TransportAddress
  private let control: StreamProbe

  /// Begins with an allocation and a permission for loopback.
  init(on loop: EventLoop, of server: TransportAddress) async throws {
    self.loop = loop
    self.server = server
    control = try StreamProbe(on: loop, to: server)
    try await control.start()
    try await ask(.allocate, by: control) { output, _ in
      output.appendSTUNRequestedTransportTCP()
    }
  }

  /// A connection to a peer, which carries bytes as they are from here on.
  func connect(to peer: TransportAddress) async throws -> StreamProbe {
    let data = try StreamProbe(on: loop, to: server)
    try await data.start()
    try await connect(to: peer, by: data)
    return data
  }

  /// The same by a stream that is there already.
  func connect(to peer: TransportAddress, by data: some MessageStream) async throws {
    try await ask(.createPermission, by: control) { output, id in
      output.appendSTUN(.xorPeerAddress, xor: peer, id)
    }
    let answer = try await ask(.connect, by: control) { output, id in
      output.appendSTUN(.xorPeerAddress, xor: peer, id)
    }
    let message = try STUNMessage(parsing: answer.span)
    let number = try #require(try message.connectionID)
    try await ask(.connectionBind, by: data) { output, _ in
      output.appendSTUN(.connectionID, number)
    }
  }

  func close() async { await control.close() }

  /// The answer, which is no refusal. What is asked first is told a nonce.
  @discardableResult
  private func ask(
    _ method: STUNMethod, by probe: some MessageStream, _ write: Write
  ) async throws -> [UInt8] {
    await probe.write(Self.request(method, id: 1, nonce: [], write))
    let challenge = await probe.nextMessage()
    let nonce = try #require(try STUNMessage(parsing: challenge.span).nonce)
    await probe.write(Self.request(method, id: 2, nonce: nonce, write))
    let answer = await probe.nextMessage()
    let code = try STUNMessage(parsing: answer.span).errorCode
    try #require(code == nil)
    return answer
  }

  private static func request(
    _ method: STUNMethod, id: UInt64, nonce: [UInt8], _ write: Write
  ) -> [UInt8] {
    let id = STUNTransactionID(high: UInt32(method.rawValue), low: id)
    return [UInt8](capacity: 2000) { output in
      output.beginSTUN(.request, id, method: method)
      write(&output, id)
      guard !nonce.isEmpty else { return output.finishSTUN() }
      output.appendSTUN(.username, "alice")
      output.appendSTUN(.realm, "relay")
      output.appendSTUN(.nonce, nonce.span)
      output.finishSTUN(key: key)
    }
  }
}

/// A peer that is connected to, and hears nothing until it is told to.
actor ListeningPeer: EventLoopHandler {
  nonisolated let loop: EventLoop
  nonisolated let address: TransportAddress
  private let listener: TCPListener
  private var connection: TCPConnection?
  private var received: [UInt8] = []
  private var waiting: (count: Int, CheckedContinuation<[UInt8], Never>)?

  init(on loop: EventLoop, at ip: IPAddress) throws {
    self.loop = loop
    let listener = try TCPListener(boundTo: TransportAddress(ip: ip, port: 0))
    let descriptor = listener.descriptor
    self.listener = listener
    address = listener.localAddress
    loop.add(self)
    try loop.watch(descriptor, handler: self)
  }

  func handle(_ readiness: Readiness, of descriptor: Descriptor, at now: Instant) {
    if descriptor === listener.descriptor {
      listener.accept { accepted in
        accepted.isReadingPaused = true
        try? accepted.attach(to: self)
        connection = accepted
      }
    } else {
      connection?.handle(readiness) { bytes in
        received.append(addingCapacity: bytes.count) { $0.append(copying: bytes) }
      }
    }
  }

  var isConnected: Bool { connection != nil }

  func finishTurn(at now: Instant) -> NextTurn {
    let isOver = connection.map { $0.phase.isOver || $0.phase == .ended } ?? false
    if let waiting, isOver || received.count >= waiting.count {
      self.waiting = nil
      waiting.1.resume(returning: received)
    }
    return NextTurn()
  }

  /// Says something and goes.
  func say(_ bytes: [UInt8]) {
    _ = connection?.write(bytes.span)
    connection?.finish()
  }

  /// Hears so much, or all there is.
  func hear(_ count: Int) async -> [UInt8] {
    connection?.isReadingPaused = false
    return await withCheckedContinuation { waiting = (count, $0) }
  }
}
