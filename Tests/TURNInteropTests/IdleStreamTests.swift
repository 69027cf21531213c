import Foundation
import Net
import TURN
import Testing
import Wire

@testable import Relay

/// Many streams that want nothing, or never come to the point (reliability row 43).
@Suite(.serialized, .timeLimit(.minutes(2)))
struct IdleStreamTests {
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

  /// A client that has a place, and keeps it.
  private func client(of relay: TestRelay, on loop: EventLoop) async throws -> RelayedEndpoint {
    let endpoint = try RelayedEndpoint(
      on: loop, to: try #require(relay.address(.tcp, .v4)), transport: .tcp,
      credentials: .init(username: "alice", password: "secret"))
    try await endpoint.start()
    await endpoint.wait { $0.state == .allocated || $0.state == .ended }
    await endpoint.permit(Coturn.loopback, after: .zero)
    await endpoint.wait { $0.events.contains(.permitted(Coturn.loopback)) || $0.isBroken }
    return endpoint
  }

  /// Of a request with a long body, which thirty bytes do not end, and of a TLS handshake.
  @Test(arguments: [Path.Transport.tcp, .tls])
  func `a byte a second keeps a stream for half a minute, however many do so`(
    transport: Path.Transport
  ) async throws {
    let count = 100
    let beginning: [UInt8] =
      transport == .tls
      ? [0x16, 3, 1, 1, 0, 1, 0, 0, 0xfc, 3, 3]
      : [0, 1, 1, 0, 0x21, 0x12, 0xa4, 0x42]
    let drops = beginning + [UInt8](repeating: 0, count: 40)
    try await withRelay { relay, loop in
      let client = try await client(of: relay, on: loop)
      let address = try #require(relay.address(transport, .v4))
      var probes: [StreamProbe] = []
      for _ in 0..<count {
        let probe = try StreamProbe(on: loop, to: address)
        try await probe.start()
        probes.append(probe)
      }
      try await eventually { await relay.server.figures.streamCount >= count + 1 }
      let began = MonotonicClock.now()
      for second in 0..<29 {
        for probe in probes { await probe.write([drops[second]]) }
        await relay.server.endUseless(began + .seconds(Int64(second)))
      }
      #expect(await relay.server.figures.streamCount == count + 1)
      // The look after the half minute is at most five seconds late; when it was they came differs by what this took.
      let took = MonotonicClock.now() - began
      await relay.server.endUseless(began + .seconds(36) + took)
      for probe in probes { await probe.waitForEnd() }
      #expect(await relay.server.figures.streamCount == 1)
      await client.send([1, 2, 3])
      let view = await client.wait { !$0.received.isEmpty || $0.isBroken }
      #expect(view.received == [[1, 2, 3]])
    }
  }

  @Test func `2,000 idle streams cost little, keep nobody out, and end`() async throws {
    DescriptorLimit.raise()
    let count = 2000
    try await withRelay { relay, loop in
      let address = try #require(relay.address(.tcp, .v4))
      let before = Self.residentBytes
      var probes: [StreamProbe] = []
      for number in 0..<count {
        // Each address may have 256.
        let from = TransportAddress(ip: IPAddress(127, 0, 3, UInt8(1 + number / 200)), port: 0)
        let probe = try StreamProbe(on: loop, to: address, from: from)
        try await probe.start()
        probes.append(probe)
        // No more than the system lets wait to be taken.
        guard number % 50 == 49 else { continue }
        try await eventually { await relay.server.figures.streamCount > number }
      }
      let cost = (Self.residentBytes - before) / count
      print("an idle stream: \(cost) bytes of both ends together, of \(count)")
      #expect(cost < 100_000)
      let client = try await client(of: relay, on: loop)
      await client.send([1, 2, 3])
      let view = await client.wait { !$0.received.isEmpty || $0.isBroken }
      #expect(view.received == [[1, 2, 3]])
      await relay.server.endUseless(MonotonicClock.now() + .seconds(36))
      for probe in probes { await probe.waitForEnd() }
      #expect(await relay.server.figures.streamCount == 1)
    }
  }

  /// Memory in use.
  private static var residentBytes: Int {
    let text = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
    let pages = text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
    return pages * Int(sysconf(Int32(_SC_PAGESIZE)))
  }
}
