import Glibc
import Synchronization
import Testing

@testable import HTTPServer

/// Streams on a port with TLS: within it, and beside it.
@Suite struct SecureStreamTests {
  typealias Echo = StreamTests.Echo

  private static let beginning: [UInt8] = [1, 6, 65, 66, 67, 68, 69, 70]

  private func withSecureServer(
    _ echo: Echo, _ adjust: (inout Limits) -> Void = { _ in },
    _ body: (UInt16) async throws -> Void
  ) async throws {
    try await TLSTests.withCertificate { certificate in
      var limits = Limits()
      adjust(&limits)
      try await withServer(
        configuration: Configuration(limits: limits, certificates: certificate.store()),
        routes: echo.routes, body)
    }
  }

  @Test func `one port takes streams with TLS and without, and pages with TLS alone`()
    async throws
  {
    let echo = Echo()
    try await withSecureServer(echo) { port in
      let connect = ["s_client", "-connect", "127.0.0.1:\(port)", "-quiet"]
      try await blocking {
        let echoed = try TLSTests.openssl(
          connect, input: Self.beginning, until: { $0.contains("ABCDEF") })
        #expect(echoed.contains("ABCDEF"))
        let page = try TLSTests.openssl(
          connect,
          input: Array("GET /app.js HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".utf8),
          until: { $0.contains("const a") })
        #expect(page.contains("HTTP/1.1 200 OK"))
        for cut in 1..<Self.beginning.count {
          let client = try RawClient(port: port)
          try client.send(Array(Self.beginning[..<cut]))
          usleep(5_000)
          try client.send(Array(Self.beginning[cut...]))
          #expect(try client.take(8) == Self.beginning)
        }
        for other in ["GET / HTTP/1.1\r\nHost: x\r\n\r\n", "SSH-2.0-x\r\n"] {
          let client = try RawClient(port: port)
          try client.send(other)
          #expect(try client.isClosed())
        }
      }
    }
    let streams = echo.state.withLock { $0.streams }
    #expect(streams.map(\.isSecure) == [true] + [Bool](repeating: false, count: 7))
    #expect(echo.state.withLock { $0.endedCount } == 8)
  }

  @Test
  func `who says nothing, or begins a handshake alone, is closed in time and counted until then`()
    async throws
  {
    let echo = Echo()
    try await withSecureServer(
      echo,
      {
        $0.headTimeout = .seconds(2)
        $0.connectionsPerAddress = 3
        $0.countsLoopback = true
      }
    ) { port in
      try await blocking {
        let silent = try RawClient(port: port)
        let half = try RawClient(port: port)
        try half.send([0x16, 0x03, 0x01, 0x02])
        let cut = try RawClient(port: port)
        try cut.send([1, 6, 65])
        try LimitTests.eventually { try RawClient(port: port).isClosed() }
        for client in [silent, half, cut] { #expect(try client.isClosed()) }
        try LimitTests.eventually {
          let client = try RawClient(port: port)
          try client.send(Self.beginning)
          return try client.take(8) == Self.beginning
        }
      }
    }
    #expect(echo.state.withLock { $0.streams.count } >= 1)
  }
}
