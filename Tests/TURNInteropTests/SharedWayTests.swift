import Net
import Relay
import TURN
import Testing
import Wire

/// A port that media has as well: what is for the relay is left at its door.
private actor SharedPort: EventLoopHandler {
  nonisolated let loop: EventLoop
  nonisolated let share: UDPSocket.Share
  private let socket: UDPSocket
  private var door: RelayDoor?
  /// What was not for the relay.
  private(set) var others: [[UInt8]] = []
  private var waiting: CheckedContinuation<[[UInt8]], Never>?

  init(on loop: EventLoop) throws {
    self.loop = loop
    let socket = try UDPSocket(boundTo: TransportAddress(ip: Coturn.loopback, port: 0))
    let descriptor = socket.descriptor
    self.socket = socket
    share = socket.share
    loop.add(self)
    try loop.watch(descriptor, handler: self)
  }

  func lead(to door: RelayDoor) { self.door = door }

  func handle(_ readiness: Readiness, of descriptor: Descriptor, at now: Instant) {
    for (bytes, path) in readAll(socket) {
      if RelayDoor.isForRelay(bytes.span) {
        door?.post(bytes.span, on: path)
        door?.ring()
      } else {
        others.append(bytes)
      }
    }
  }

  func finishTurn(at now: Instant) -> NextTurn {
    if !others.isEmpty, let waiting {
      self.waiting = nil
      waiting.resume(returning: others)
    }
    return NextTurn()
  }

  func waitForOthers() async -> [[UInt8]] { await withCheckedContinuation { waiting = $0 } }
}

@Suite(.serialized, .timeLimit(.minutes(1)))
struct SharedWayTests {
  @Test func `a port of others relays to itself, and what comes from a relay is no client's`()
    async throws
  {
    let loop = try EventLoop(name: "test")
    defer { loop.stop() }
    let port = try SharedPort(on: loop)
    var configuration = RelayServer.Configuration()
    configuration.relayHosts = [Coturn.loopback]
    configuration.turn.authority.users = ["alice": "secret"]
    configuration.turn.peers = .only([port.share.localAddress])
    let server = try RelayServer(configuration, sharing: [port.share])
    try await server.start()
    await port.lead(to: try #require(server.doors.first))
    let client = try RelayedEndpoint(
      on: loop, to: port.share.localAddress, transport: .udp,
      credentials: .init(username: "alice", password: "secret"))
    try await client.start()
    await client.wait { $0.state == .allocated }
    await client.permit(Coturn.loopback, after: .zero)
    await client.wait { $0.events.contains(.permitted(Coturn.loopback)) }
    let before = await server.figures.turn
    let binding: [UInt8] =
      [0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42] + [UInt8](repeating: 9, count: 12)
    let allocate: [UInt8] = [0, 3] + binding.dropFirst(2)
    // An Allocate and a question for the own address by way of the relay, then something for media.
    for bytes in [allocate, binding, [0x80, 1, 2]] {
      await client.send(bytes, to: port.share.localAddress)
    }
    #expect(await port.waitForOthers() == [[0x80, 1, 2]])
    let after = await server.figures.turn
    #expect(after.sent.datagrams == before.sent.datagrams + 3)
    #expect(after.bindings == before.bindings && after.refusals == before.refusals)
    #expect(after.received.datagrams == 0)
    await server.stop()
  }

  @Test func `streams that others read are served, bounded and forgotten`() async throws {
    var configuration = RelayServer.Configuration()
    configuration.relayHosts = [Coturn.loopback]
    let server = try RelayServer(configuration)
    try await server.start()
    let binding: [UInt8] =
      [0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42] + [UInt8](repeating: 9, count: 12)
    let stream = RecordingStream(port: 1)
    server.opened(stream)
    server.received(Array(binding.prefix(7)), on: stream)
    server.received(Array(binding.dropFirst(7)), on: stream)
    let answer = await stream.wait(for: 32)
    #expect(answer.count == 32 && answer.starts(with: [1, 1]))
    server.ended(stream)
    let broken = RecordingStream(port: 2)
    server.opened(broken)
    server.received([0xff], on: broken)
    _ = await broken.wait(for: 1)
    #expect(broken.isClosed)
    #expect(await server.figures.streamCount == 0)
    let fast = RecordingStream(port: 3)
    server.opened(fast)
    server.received([UInt8](repeating: 0, count: 1 << 20), on: fast)
    #expect(fast.isClosed)
    await server.stop()
    let late = RecordingStream(port: 4)
    server.opened(late)
    #expect(late.isClosed)
  }

  @Test func `a client that reads its stream too slowly loses what is late, and then goes on`()
    async throws
  {
    var configuration = RelayServer.Configuration()
    configuration.relayHosts = [Coturn.loopback]
    let server = try RelayServer(configuration)
    try await server.start()
    let binding: [UInt8] =
      [0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42] + [UInt8](repeating: 9, count: 12)
    let stream = RecordingStream(port: 1, takesAll: false)
    server.opened(stream)
    // Each answer has 32 bytes: four times what may wait.
    for asked in 1...8192 {
      server.received(binding, on: stream)
      guard asked % 256 == 0 else { continue }
      try await eventually { await server.figures.turn.bindings >= asked }
    }
    try await eventually { await server.figures.shedPieces >= 6144 }
    #expect(stream.queuedByteCount == 64 << 10 && !stream.isClosed)
    stream.drain()
    server.received(binding, on: stream)
    #expect(await stream.wait(for: 64 << 10 + 32).count == 64 << 10 + 32)
    await server.stop()
  }

  @Test func `who connects anew from the same place takes the old connection's`() async throws {
    var configuration = RelayServer.Configuration()
    configuration.relayHosts = [Coturn.loopback]
    configuration.maximumConnectionsPerAddress = 2
    let server = try RelayServer(configuration)
    try await server.start()
    let binding: [UInt8] =
      [0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42] + [UInt8](repeating: 9, count: 12)
    for port in [1, 1, 1, 1, 2] as [UInt16] {
      let stream = RecordingStream(port: port)
      server.opened(stream)
      server.received(binding, on: stream)
      #expect(await stream.wait(for: 32).count == 32)
    }
    #expect(await server.figures.streamCount == 2)
    let third = RecordingStream(port: 3)
    server.opened(third)
    _ = await third.wait(for: 1)
    #expect(third.isClosed)
    await server.stop()
  }
}
