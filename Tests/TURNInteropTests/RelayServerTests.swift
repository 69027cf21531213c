import Net
import STUN
import TURN
import Testing
import Wire

@testable import Relay

/// Our server on sockets: what it bounds.
@Suite(.serialized, .timeLimit(.minutes(1)))
struct RelayServerTests {
  private static let alice = TURNClient.Credentials(username: "alice", password: "secret")
  /// A Binding request.
  private static let binding: [UInt8] =
    [0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42] + [UInt8](repeating: 9, count: 12)

  private func withRelay(
    _ adjust: (inout RelayServer.Configuration) -> Void = { _ in },
    _ body: (TestRelay, EventLoop) async throws -> Void
  ) async throws {
    let loop = try EventLoop(name: "test")
    let relay = try await TestRelay(adjust)
    do { try await body(relay, loop) } catch {
      await relay.stop()
      loop.stop()
      throw error
    }
    await relay.stop()
    loop.stop()
  }

  /// A client with an allocation, and a permission for loopback.
  private func client(
    on loop: EventLoop, of server: TransportAddress, _ transport: Path.Transport = .udp,
    _ options: TURNClient.Options = .init()
  ) async throws -> RelayedEndpoint {
    let endpoint = try RelayedEndpoint(
      on: loop, to: server, transport: transport, credentials: Self.alice, options: options)
    try await endpoint.start()
    await endpoint.wait { $0.state == .allocated || $0.state == .ended }
    await endpoint.permit(Coturn.loopback, after: .zero)
    await endpoint.wait { view in
      view.state == .ended
        || view.events.contains {
          switch $0 {
          case .permitted, .permissionRefused: true
          default: false
          }
        }
    }
    return endpoint
  }

  @Test func `streams without a place at the relay are closed, however busy, and others stay`()
    async throws
  {
    try await withRelay { relay, loop in
      let address = try #require(relay.address(.tcp, .v4))
      let client = try await client(on: loop, of: address, .tcp)
      let (silent, slow) = (
        try StreamProbe(on: loop, to: address), try StreamProbe(on: loop, to: address)
      )
      for probe in [silent, slow] { try await probe.start() }
      try await eventually { await relay.server.figures.streamCount >= 3 }
      let now = MonotonicClock.now()
      await slow.write([0])
      await relay.server.endUseless(now + .seconds(15))
      await slow.write([1, 0])
      #expect(await relay.server.figures.streamCount == 3)
      await relay.server.endUseless(now + .seconds(31))
      await silent.waitForEnd()
      await slow.waitForEnd()
      await client.send([1, 2, 3])
      let view = await client.wait { !$0.received.isEmpty || $0.isBroken }
      #expect(view.received == [[1, 2, 3]])
      #expect(await relay.server.figures.streamCount == 1)
    }
  }

  @Test(
    arguments: [
      [0x50, 0x4f, 0x53, 0x54], [0, 1, 0, 1], [0, 1, 0, 0, 1, 2, 3, 4], [0x40, 0, 0xff, 0xff],
    ] as [[UInt8]])
  func `a stream that is no client's is closed at the first wrong byte`(bytes: [UInt8]) async throws
  {
    try await withRelay { relay, loop in
      let probe = try StreamProbe(on: loop, to: try #require(relay.address(.tcp, .v4)))
      try await probe.start()
      await probe.write(bytes)
      await probe.waitForEnd()
    }
  }

  @Test func `one address has so many connections, and another has its own`() async throws {
    try await withRelay({ $0.maximumConnectionsPerAddress = 2 }) { relay, loop in
      let address = try #require(relay.address(.tcp, .v4))
      var probes: [StreamProbe] = []
      for _ in 0..<2 {
        let probe = try StreamProbe(on: loop, to: address)
        try await probe.start()
        await probe.write(Self.binding)
        #expect(await probe.wait(for: 32).count == 32)
        probes.append(probe)
      }
      let third = try StreamProbe(on: loop, to: address)
      try await third.start()
      await third.waitForEnd()
      #expect(await relay.server.figures.refusedConnections == 1)
      let other = try StreamProbe(on: loop, to: try #require(relay.address(.tcp, .v6)))
      try await other.start()
      await other.write(Self.binding)
      #expect(await other.wait(for: 44).count == 44)
      await probes[0].write([0xff])
      await probes[0].waitForEnd()
      let next = try StreamProbe(on: loop, to: address)
      try await next.start()
      await next.write(Self.binding)
      #expect(await next.wait(for: 32).count == 32)
    }
  }

  @Test
  func `where no port is left an allocation is refused`()
    async throws
  {
    // Whether it is free is known once it is bound.
    let free = try UDPSocket(boundTo: TransportAddress(ip: Coturn.loopback, port: 0))
    let port = free.localAddress.port
    try await withRelay({
      $0.relayPorts = port...port
      $0.turn.maximumAllocationsPerUser = 10
    }) { relay, loop in
      let address = try #require(relay.address(.udp, .v4))
      let refused = try RelayedEndpoint(
        on: loop, to: address, transport: .udp, credentials: Self.alice)
      try await refused.start()
      let view = await refused.wait { $0.state == .ended }
      guard case .failed(.refused(let code))? = view.events.last else {
        Issue.record("\(view.events)")
        return
      }
      #expect(code.rawValue == 508)
      #expect(await relay.server.figures.relayCount == 0)
    }
  }

  @Test func `a client learns that nobody hears it`() async throws {
    try await withRelay { relay, loop in
      let client = try await client(on: loop, of: try #require(relay.address(.udp, .v4)))
      // A port that somebody had.
      var closed: UDPSocket? = try UDPSocket(
        boundTo: TransportAddress(ip: Coturn.loopback, port: 0))
      let address = try #require(closed?.localAddress)
      closed = nil
      await client.send([1], to: address)
      let view = await client.wait { view in
        view.events.contains { if case .peerUnreachable = $0 { true } else { false } }
      }
      #expect(view.events.contains(.peerUnreachable(address, STUNICMPError(type: 3, code: 3))))
      // What comes after goes on.
      await client.send([2])
      let after = await client.wait { !$0.received.isEmpty }
      #expect(after.received == [[2]])
    }
  }

  @Test func `one allocation has an address of each family`() async throws {
    try await withRelay { relay, loop in
      var options = TURNClient.Options()
      options.asksForBothFamilies = true
      let client = try await client(
        on: loop, of: try #require(relay.address(.udp, .v4)), .udp, options)
      let view = await client.wait { _ in true }
      #expect(view.events.contains { if case .allocatedAdditionally = $0 { true } else { false } })
      #expect(await relay.server.figures.relayCount == 2)
      await client.close()
      await client.wait { $0.state == .ended }
      #expect(await relay.server.figures.relayCount == 0)
    }
  }
}
