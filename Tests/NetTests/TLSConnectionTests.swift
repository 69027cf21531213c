import Net
import Testing
import Wire

private func tlsServer(on loop: EventLoop) throws -> StreamEndpoint {
  try StreamEndpoint(
    on: loop,
    securing: { accepted in
      let context = try TLSContext(
        certificatesPEM: TestCertificates.server, privateKeyPEM: TestCertificates.serverKey)
      return try TLSConnection(accepted: accepted, context: context)
    })
}

private func tlsClient(
  on loop: EventLoop, to address: TransportAddress, host: String = "turn.example",
  trusting trust: TLSContext.Trust = .authorities(pem: TestCertificates.authority)
) throws -> StreamEndpoint {
  try StreamEndpoint(
    on: loop,
    connecting: {
      let context = try TLSContext(trusting: trust)
      return try TLSConnection(to: address, host: host, context: context)
    })
}

/// What became of a client and what its server heard of it.
private func outcome(
  host: String = "turn.example",
  trusting trust: TLSContext.Trust = .authorities(pem: TestCertificates.authority)
) async throws -> (phase: StreamPhase?, heard: [UInt8]) {
  let loop = try EventLoop(name: "test")
  defer { loop.stop() }
  let server = try tlsServer(on: loop)
  let client = try tlsClient(on: loop, to: server.address, host: host, trusting: trust)
  await client.write([1, 2, 3])
  let phase = await client.wait { $0.phase != .connecting }.phase
  if phase == .open {
    await server.wait { !$0.received.isEmpty }
  } else {
    await server.wait { $0.phase == .ended || $0.phase?.isOver == true }
  }
  return (phase, await server.view.received)
}

@Suite(.timeLimit(.minutes(1)))
struct TLSConnectionTests {
  @Test func `bytes make the round trip, more than a record holds`() async throws {
    let loop = try EventLoop(name: "test")
    defer { loop.stop() }
    let server = try tlsServer(on: loop)
    await server.echo()
    let client = try tlsClient(on: loop, to: server.address)
    let message = datagram(1, 100_000)
    #expect(await client.write(message))
    await client.wait { $0.received.count == message.count }
    #expect(await client.write([42]))
    let view = await client.wait { $0.received.count == message.count + 1 }
    #expect(view.received == message + [42])
    await client.finish()
    #expect(await server.wait { $0.phase != .open }.phase == .ended)
  }

  @Test func `names, addresses and a pinned certificate are verified`() async throws {
    #expect(try await outcome().phase == .open)
    #expect(try await outcome(host: "127.0.0.1").phase == .open)
    let pinned = try await outcome(
      host: "anything.invalid", trusting: .pinned(sha256: TestCertificates.serverDigest))
    #expect(pinned.phase == .open && pinned.heard == [1, 2, 3])
    let looking = try await outcome(host: "anything.invalid", trusting: .anybody)
    #expect(looking.phase == .open && looking.heard == [1, 2, 3])
  }

  @Test(arguments: ["turn.example.org", "example", "127.0.0.2", "::1"])
  func `a certificate for another host is refused before anything is sent`(host: String)
    async throws
  {
    let result = try await outcome(host: host)
    guard case .failed(.certificateRefused(let reason)) = result.phase else {
      Issue.record("\(result)")
      return
    }
    #expect(reason.contains("mismatch"))
    #expect(result.heard.isEmpty)
  }

  @Test(arguments: [
    TLSContext.Trust.system, .authorities(pem: TestCertificates.otherAuthority),
    .pinned(sha256: [UInt8](repeating: 7, count: 32)),
  ])
  func `a certificate nobody vouches for is refused`(trust: TLSContext.Trust) async throws {
    let result = try await outcome(trusting: trust)
    guard case .failed(.certificateRefused) = result.phase else {
      Issue.record("\(result)")
      return
    }
    #expect(result.heard.isEmpty)
  }

  @Test func `garbage in place of TLS breaks the connection and nothing else`() async throws {
    let loop = try EventLoop(name: "test")
    defer { loop.stop() }
    var random = RandomSource.seeded(5)
    for _ in 0..<10 {
      let server = try StreamEndpoint(on: loop)
      let client = try tlsClient(on: loop, to: server.address)
      await server.wait { $0.phase == .open }
      await server.write(random.bytes(3000))
      let phase = await client.wait { $0.phase?.isOver == true }.phase
      guard case .failed(.securityFailed) = phase else {
        Issue.record("\(String(describing: phase))")
        return
      }
    }
    let server = try tlsServer(on: loop)
    let client = try tcpEndpoint(on: loop, to: server.address)
    await client.write(random.bytes(3000))
    #expect(await server.wait { $0.phase?.isOver == true }.received.isEmpty)
  }

  @Test func `a connection that ends within the handshake has failed`() async throws {
    let loop = try EventLoop(name: "test")
    defer { loop.stop() }
    let server = try StreamEndpoint(on: loop)
    let client = try tlsClient(on: loop, to: server.address)
    await server.wait { $0.phase == .open }
    await server.finish()
    #expect(await client.wait { $0.phase != .connecting }.phase?.isOver == true)
  }

  @Test func `what is no certificate or no key makes no context`() {
    #expect(throws: TLSContext.Failure.unreadableAuthorities) {
      _ = try TLSContext(trusting: .authorities(pem: "nothing"))
    }
    #expect(throws: TLSContext.Failure.unreadableAuthorities) {
      _ = try TLSContext(trusting: .authorityFile("/nowhere.pem"))
    }
    #expect(throws: TLSContext.Failure.unreadableAuthorities) {
      _ = try TLSContext(trusting: .pinned(sha256: [1]))
    }
    #expect(throws: TLSContext.Failure.unreadableIdentity) {
      _ = try TLSContext(
        certificatesPEM: TestCertificates.authority, privateKeyPEM: TestCertificates.serverKey)
    }
  }
}
