import Foundation
import Testing

@testable import HTTPServer

/// Deadlines are set to a fraction of a second and waited for by reading until the server closes.
@Suite struct LimitTests {
  static func limits(_ change: (inout Limits) -> Void) -> Configuration {
    var limits = Limits()
    // A test that has no processor for a while hears no pings in between.
    limits.pingInterval = .seconds(600)
    change(&limits)
    return Configuration(limits: limits)
  }

  @Test func `a header that never ends is cut off`() async throws {
    let configuration = Self.limits { $0.headTimeout = .seconds(1) }
    try await withServer(configuration: configuration) { port in
      try await blocking {
        #expect(try RawClient(port: port).isClosed())
        let client = try RawClient(port: port)
        try client.send("GET / HTTP/1.1\r\nHost: x\r\nA: ")
        #expect(try client.response().status == 408)
        #expect(try client.isClosed())
      }
    }
  }

  @Test func `a body that never ends is cut off`() async throws {
    let configuration = Self.limits { $0.bodyTimeout = .seconds(1) }
    try await withServer(configuration: configuration) { port in
      try await blocking {
        for framing in ["Content-Length: 9", "Transfer-Encoding: chunked"] {
          let client = try RawClient(port: port)
          try client.send("POST /api/x HTTP/1.1\r\nHost: x\r\n\(framing)\r\n\r\n1")
          #expect(try client.response().status == 408)
          #expect(try client.isClosed())
        }
      }
    }
  }

  @Test func `an idle connection is closed, a handshake takes no longer than a header`()
    async throws
  {
    let configuration = Self.limits {
      $0.idleTimeout = .milliseconds(500)
      // A request comes before it is over, whatever else this machine does.
      $0.headTimeout = .seconds(4)
    }
    try await withServer(configuration: configuration) { port in
      try await blocking {
        let client = try RawClient(port: port)
        try client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        #expect(try client.response().status == 200)
        #expect(try client.isClosed())
        let half = try RawClient(port: port)
        try half.send("GET /echo HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n")
        #expect(try half.response().status == 408)
      }
    }
  }

  @Test func `one address gets so many connections, all together so many`() async throws {
    let configuration = Self.limits {
      $0.connectionsPerAddress = 3
      $0.countsLoopback = true
    }
    try await withServer(configuration: configuration) { port in
      try await blocking {
        var clients = try (0..<3).map { _ in try RawClient(port: port) }
        for client in clients {
          try client.upgrade()
        }
        #expect(try RawClient(port: port).isClosed())
        clients.removeFirst()
        // The place is free once the server has seen the end of the first.
        try Self.eventually { try RawClient(port: port).upgrade().status == 101 }
        try clients[0].send(RawClient.text("still here"))
        #expect(try clients[0].frame().payload == Array("still here".utf8))
      }
    }
    let small = Self.limits { $0.connections = 2 }
    try await withServer(configuration: small) { port in
      try await blocking {
        let clients = try (0..<2).map { _ in try RawClient(port: port) }
        for client in clients { try client.upgrade() }
        #expect(try RawClient(port: port).isClosed())
      }
    }
  }

  @Test func `a proxy on this machine may have more connections than one address`() async throws {
    let configuration = Self.limits { $0.connectionsPerAddress = 3 }
    try await withServer(configuration: configuration) { port in
      try await blocking {
        let clients = try (0..<6).map { _ in try RawClient(port: port) }
        for client in clients { #expect(try client.upgrade().status == 101) }
      }
    }
  }

  @Test func `a silent WebSocket is pinged and then given up`() async throws {
    let configuration = Self.limits {
      $0.pingInterval = .milliseconds(50)
      $0.pongTimeout = .seconds(4)
    }
    let (left, leaving) = AsyncStream<WebSocketClosure?>.makeStream()
    let routes = Routes(webSockets: [
      "/echo": { socket in
        for await _ in socket.incoming {}
        leaving.yield(socket.closure)
      }
    ])
    try await withServer(configuration: configuration, routes: routes) { port in
      try await blocking {
        let client = try RawClient(port: port)
        try client.upgrade()
        for _ in 0..<4 {
          #expect(try client.frame().opcode == 9)
          try client.send(RawClient.frame(10))
        }
        #expect(try client.frame().opcode == 9)
        #expect(try client.isClosed())
      }
      var endings = left.makeAsyncIterator()
      #expect(await endings.next()??.code == .abnormal)
    }
  }

  @Test(arguments: [
    (RawClient.frame(2, [], length: 262_145), 1009),
    ([0x82, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], 1009),
    ([0x82, 0xFF, 0x80, 0, 0, 0, 0, 0, 0, 0], 1002), ([0x81, 0x01, 0x41], 1002),
    (RawClient.frame(1, [0xFF]), 1007), (RawClient.frame(8, [0x03, 0xED]), 1002),
    (RawClient.frame(1, [0x41], reserved: 0x40), 1002),
  ])
  func `a WebSocket that breaks the rules is told why and closed`(
    bytes: [UInt8], code: Int
  ) async throws {
    try await withServer { port in
      try await blocking {
        let client = try RawClient(port: port)
        let answer = try client.upgrade(fields: "Sec-WebSocket-Extensions: permessage-deflate\r\n")
        #expect(answer.fields["Sec-WebSocket-Extensions"] == nil)
        try client.send(bytes)
        #expect(try client.frame().closeCode == code)
        #expect(try client.isClosed())
      }
    }
  }

  @Test func `the largest message passes, and control frames within one`() async throws {
    try await withServer { port in
      try await blocking {
        let client = try RawClient(port: port)
        try client.upgrade()
        let half = [UInt8](repeating: 66, count: 131_072)
        try client.send(RawClient.frame(2, half, isFinal: false))
        try client.send(RawClient.frame(9, [1, 2, 3]))
        #expect(try client.frame() == .init(opcode: 10, payload: [1, 2, 3]))
        try client.send(RawClient.frame(0, half))
        #expect(try client.frame() == .init(opcode: 2, payload: half + half))
      }
    }
  }

  static func eventually(_ condition: () throws -> Bool) throws {
    for _ in 0..<6000 {
      if (try? condition()) == true { return }
      usleep(10_000)
    }
    throw RawClient.Failure(what: "it never became so")
  }
}
