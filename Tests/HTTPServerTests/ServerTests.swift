import Foundation
import Glibc
import Testing

@testable import HTTPServer

@Suite struct ServerTests {
  @Test func `a page, a request and a WebSocket are answered on one connection`() async throws {
    try await withServer { port in
      try await blocking {
        let client = try RawClient(port: port)
        try client.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        let page = try client.response()
        #expect(page.status == 200)
        #expect(page.fields["Content-Type"] == "text/html; charset=utf-8")
        try client.send("POST /api/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc")
        #expect(try client.response().text == "POST /api/x 3")
        let answer = try client.upgrade()
        #expect(answer.status == 101)
        #expect(answer.fields["Sec-WebSocket-Accept"] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
        try client.send(RawClient.text("hello"))
        #expect(try client.frame() == .init(opcode: 1, payload: Array("hello".utf8)))
        try client.send(RawClient.frame(8, [0x03, 0xE8]))
        #expect(try client.frame().closeCode == 1000)
        #expect(try client.isClosed())
      }
    }
  }

  @Test func `every response tells the browser to be strict`() async throws {
    let configuration = Configuration(
      securityHeaders: SecurityHeaders(addingPolicy: "media-src 'self' blob:"))
    try await withServer(configuration: configuration) { port in
      try await blocking {
        for target in ["/", "/none", "/api/x", "/echo", "/%"] {
          let client = try RawClient(port: port)
          try client.send("GET \(target) HTTP/1.1\r\nHost: localhost\r\n\r\n")
          let fields = try client.response().fields
          let policy = fields["Content-Security-Policy"] ?? ""
          #expect(policy.hasPrefix("default-src 'self'; "), "\(target)")
          #expect(policy.hasSuffix("media-src 'self' blob:"))
          #expect(fields["X-Content-Type-Options"] == "nosniff")
          #expect(fields["X-Frame-Options"] == "DENY")
          #expect(fields["Referrer-Policy"] == "no-referrer")
          #expect(fields["Permissions-Policy"]?.contains("camera=(self)") == true)
          #expect(fields["Date"]?.hasSuffix(" GMT") == true)
        }
      }
    }
  }

  @Test func `HEAD has the length and no body, and requests may come at once`() async throws {
    try await withServer { port in
      try await blocking {
        let client = try RawClient(port: port)
        let get = "GET /app.js HTTP/1.1\r\nHost: localhost\r\n\r\n"
        try client.send("HEAD" + get.dropFirst(3) + get + get)
        let head = try client.response(hasBody: false)
        #expect(head.fields["Content-Length"] == "2000")
        #expect(try client.response().body.count == 2000)
        #expect(try client.response().body.count == 2000)
        try client.send("GET /none HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        let last = try client.response()
        #expect(last.status == 404)
        #expect(last.fields["Connection"] == "close")
        #expect(try client.isClosed())
      }
    }
  }

  @Test func `a client that waits is told to continue`() async throws {
    try await withServer { port in
      try await blocking {
        let client = try RawClient(port: port)
        try client.send(
          "POST /api/x HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
        #expect(try client.response(hasBody: false).status == 100)
        try client.send("ab")
        #expect(try client.response().text == "POST /api/x 2")
      }
    }
  }

  @Test func `a large body is answered even while it is being sent`() async throws {
    try await withServer { port in
      try await blocking {
        let client = try RawClient(port: port)
        try client.send("POST /api/x HTTP/1.1\r\nHost: x\r\nContent-Length: 300000\r\n\r\n")
        try? client.send([UInt8](repeating: 65, count: 300_000))
        #expect(try client.response().status == 413)
        #expect(try client.isClosed())
      }
    }
  }

  @Test func `a header that would split a response becomes a 500`() async throws {
    let routes = Routes(handler: { request in
      let value = request.query["v"] ?? ""
      return HTTPResponse(headers: ["X-\(request.query["n"] ?? "A")": "a\u{D}\u{A}B: c\(value)"])
    })
    try await withServer(routes: routes) { port in
      try await blocking {
        let client = try RawClient(port: port)
        try client.send("GET /?v=x&n=B HTTP/1.1\r\nHost: x\r\n\r\n")
        let response = try client.response()
        #expect(response.status == 500)
        #expect(response.fields["B"] == nil)
      }
    }
  }

  @Test(arguments: [
    ("Origin: http://evil.example\r\n", 403), ("Origin: null\r\n", 403),
    ("Origin: https://ok.example.evil\r\n", 403), ("Origin: https://ok.example\r\n", 101),
    ("Origin: http://localhost\r\n", 101), ("", 101),
  ])
  func `a foreign page gets no WebSocket`(fields: String, status: Int) async throws {
    try await withServer(configuration: Configuration(allowedOrigins: ["https://ok.example"])) {
      port in
      try await blocking {
        let client = try RawClient(port: port)
        #expect(try client.upgrade(fields: fields).status == status)
      }
    }
  }

  @Test(arguments: [
    ("Sec-WebSocket-Version: 13", "Sec-WebSocket-Version: 8", 426),
    ("Sec-WebSocket-Version: 13\r\n", "", 426),
    ("dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25jZQ=", 400),
    ("dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25j!Q==", 400),
    ("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", "", 400),
    ("Upgrade: websocket", "Upgrade: h2c", 426), ("Connection: Upgrade", "Connection: close", 426),
    ("GET ", "POST ", 426), ("HTTP/1.1", "HTTP/1.0", 426),
    ("Host: localhost\r\n", "Host: localhost\r\nContent-Length: 4\r\n", 400),
    ("/echo", "/other", 404),
  ])
  func `a handshake that is not one gets no WebSocket`(
    part: String, replacement: String, status: Int
  ) async throws {
    try await withServer { port in
      try await blocking {
        let request =
          "GET /echo HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
          + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        let client = try RawClient(port: port)
        try client.send(request.replacingOccurrences(of: part, with: replacement))
        let response = try client.response()
        #expect(response.status == status)
        if status == 426 { #expect(response.fields["Upgrade"] == "websocket") }
      }
    }
  }

  @Test func `a busy port, a foreign address and a name are told apart`() async throws {
    try await withServer { port in
      await #expect(throws: HTTPServerError.portBusy(host: "127.0.0.1", port: port)) {
        try await WebServer(configuration: .init(port: port), routes: .testing).start()
      }
    }
    await #expect(throws: HTTPServerError.addressUnavailable(host: "192.0.2.1")) {
      try await WebServer(configuration: .init(host: "192.0.2.1"), routes: .testing).start()
    }
    await #expect(throws: HTTPServerError.badAddress(host: "localhost")) {
      try await WebServer(configuration: .init(host: "localhost"), routes: .testing).start()
    }
    let server = WebServer(routes: .testing)
    try await server.start()
    await #expect(throws: HTTPServerError.alreadyStarted) { try await server.start() }
    await server.stop()
    await server.stop()
    #expect(server.port == nil)
  }

  @Test func `it listens on IPv6 as well`() async throws {
    try await withServer(configuration: Configuration(host: "::1")) { port in #expect(port != 0) }
  }

  @Test func `stopping tells everyone and takes less than a second`() async throws {
    let (left, leaving) = AsyncStream<WebSocketClosure?>.makeStream()
    let routes = Routes(
      webSockets: [
        "/echo": { socket in
          socket.send("ready")
          for await _ in socket.incoming {}
          leaving.yield(socket.closure)
        }
      ],
      handler: { _ in
        try? await Task.sleep(for: .seconds(30))
        return nil
      })
    let server = WebServer(routes: routes)
    try await server.start()
    let port = server.port ?? 0
    let clients = try await blocking {
      let clients = try (0..<3).map { _ in try RawClient(port: port) }
      try clients[1].send("GET /api/slow HTTP/1.1\r\nHost: x\r\n\r\n")
      try clients[2].upgrade()
      _ = try clients[2].frame()
      return clients
    }
    let took = await ContinuousClock().measure { await server.stop() }
    // No deadline of a client's is that near.
    #expect(took < .seconds(8))
    try await blocking { () throws in
      #expect(try clients[0].isClosed())
      #expect(try clients[1].isClosed())
      #expect(try clients[2].frame().closeCode == 1001)
    }
    var endings = left.makeAsyncIterator()
    #expect(await endings.next()??.code == .goingAway)
  }
}
