import Net
import STUN
import TURN
import Testing
import Wire

/// Our client against Debian's TURN server, over real sockets.
@Suite(.serialized, .timeLimit(.minutes(1)))
struct CoturnTests {
  @Test(arguments: [Path.Transport.udp, .tcp, .tls], [Coturn.loopback, TestRelay.v6])
  func `an allocation, indications, a channel, a stale nonce and the end`(
    transport: Path.Transport, ip: IPAddress
  ) async throws {
    let loop = try EventLoop(name: "test")
    defer { loop.stop() }
    let server = try Coturn(at: ip)
    var options = TURNClient.Options()
    options.family = ip.family
    try await Self.waitForAnswer(of: server, on: loop, options)
    let context = try TLSContext(trusting: .pinned(sha256: server.certificateDigest))
    let endpoint = try RelayedEndpoint(
      on: loop, to: transport == .tls ? server.secureAddress : server.address,
      transport: transport, context: context, options: options)
    try await endpoint.start()
    let started = await endpoint.wait {
      $0.state != .allocating && $0.state != .idle || $0.isBroken
    }
    #expect(started.state == .allocated && !started.isBroken)
    // Until the permission is there, what is sent gets lost; then it comes by indication and by channel.
    await endpoint.permit(ip, after: .zero)
    await endpoint.wait { $0.events.contains(.permitted(ip)) }
    let sizes = [20, 1, 2, 3, 4, 1200]
    for (index, size) in sizes.enumerated() {
      let first: [UInt8] =
        size == 20 ? [0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42] : [0x80]
      let datagram = first + [UInt8](repeating: UInt8(index), count: size - first.count)
      await endpoint.send(datagram)
      let view = await endpoint.wait { $0.received.count > index || $0.isBroken }
      #expect(view.received.last == datagram)
    }
    let bound = await endpoint.wait { view in
      view.events.contains { if case .channelBound = $0 { true } else { false } }
    }
    #expect(bound.firstBytes.contains(0) && bound.firstBytes.contains(0x40))
    // Nonces are good for a second: the next request is challenged anew.
    let other =
      ip.family == .v4 ? IPAddress(127, 0, 0, 2) : IPAddress(v6High: 0x2001_4860 << 32, low: 2)
    await endpoint.permit(other, after: .milliseconds(1500))
    let renewed = await endpoint.wait { $0.events.contains(.permitted(other)) || $0.isBroken }
    #expect(renewed.state == .allocated)
    await endpoint.close()
    let closed = await endpoint.wait { $0.state == .ended }
    #expect(closed.events.last == .closed && !closed.isBroken)
  }

  @Test func `a wrong password is refused`() async throws {
    let loop = try EventLoop(name: "test")
    defer { loop.stop() }
    let server = try Coturn()
    let endpoint = try RelayedEndpoint(
      on: loop, to: server.address, transport: .udp,
      credentials: .init(username: "alice", password: "looking glass"))
    try await endpoint.start()
    let view = await endpoint.wait { $0.state == .ended }
    guard case .failed(.refused(let code))? = view.events.last else {
      Issue.record("\(view.events)")
      return
    }
    #expect(code.rawValue == 401)
  }

  /// Requests over UDP are repeated until the server is up.
  private static func waitForAnswer(
    of server: Coturn, on loop: EventLoop, _ options: TURNClient.Options
  ) async throws {
    let probe = try RelayedEndpoint(
      on: loop, to: server.address, transport: .udp, options: options)
    try await probe.start()
    let view = await probe.wait { $0.state == .allocated || $0.state == .ended }
    #expect(view.state == .allocated)
    await probe.close()
    await probe.wait { $0.state == .ended }
  }
}
