import Testing

@testable import HTTPServer

@Suite struct ServerTests {
  @Test func `a page, a request and a WebSocket are answered`() async throws {
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
}
