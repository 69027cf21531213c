import Testing

@testable import HTTPServer

@Suite struct RequestTests {
  /// What a session does with bytes given at once: the request it hands on, or the status it answers.
  enum Outcome: Equatable {
    case request(String, body: String)
    case status(Int)
    case waiting
  }

  static func outcome(
    _ bytes: [UInt8], limits: Limits = Limits(), isBytewise: Bool = false
  ) -> Outcome {
    let now = ContinuousClock.now
    let settings = SessionSettings(
      Configuration(limits: limits), webSocketPaths: ["/ws"], date: { "" })
    var session = HTTPSession(settings: settings, peer: .init(address: "::1", port: 1), at: now)
    var actions: [HTTPSession.Action] = []
    for piece in isBytewise ? bytes.map({ [$0] }) : [bytes] {
      session.receive(piece[...], at: now, into: &actions)
    }
    for action in actions {
      switch action {
      case .handle(let request):
        let target = "\(request.method.rawValue) \(request.path)"
        return .request(target, body: String(decoding: request.body, as: UTF8.self))
      case .send(let head):
        let status = String(decoding: head, as: UTF8.self).split(separator: " ")[1]
        if status != "100" { return .status(Int(status) ?? 0) }
      case .upgrade, .finish, .abort: break
      }
    }
    return .waiting
  }

  static func outcome(_ text: String) -> Outcome {
    let whole = outcome(Array(text.utf8))
    #expect(outcome(Array(text.utf8), isBytewise: true) == whole)
    return whole
  }

  @Test func `plain requests are handed on`() {
    #expect(Self.outcome("GET /a HTTP/1.1\r\nHost: x\r\n\r\n") == .request("GET /a", body: ""))
    #expect(Self.outcome("\r\nGET /a HTTP/1.1\r\nHost: x\r\n\r\n") == .request("GET /a", body: ""))
    #expect(Self.outcome("GET /a HTTP/1.0\r\n\r\n") == .request("GET /a", body: ""))
    #expect(
      Self.outcome("GET http://x:80/a?b HTTP/1.1\r\nHost: x\r\n\r\n")
        == .request("GET /a", body: ""))
    #expect(
      Self.outcome("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc")
        == .request("POST /a", body: "abc"))
    #expect(
      Self.outcome(
        "POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
          + "3\r\nabc\r\n2;x=\"y\"\r\nde\r\n0\r\nX: y\r\n\r\n")
        == .request("POST /a", body: "abcde"))
    #expect(
      Self.outcome(
        "POST /a HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\na")
        == .request("POST /a", body: "a"))
  }

  @Test(arguments: [
    ("GET / HTTP/1.1\nHost: x\n\n", 400), ("GET / HTTP/1.1\r\nHost: x\n\r\n", 400),
    ("GET / HTTP/1.1\rHost: x\r\n\r\n", 400), ("GET / HTTP/1.1\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400), ("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400),
    ("GET  / HTTP/1.1\r\nHost: x\r\n\r\n", 400), ("GET / HTTP/1.1 \r\nHost: x\r\n\r\n", 400),
    (" GET / HTTP/1.1\r\nHost: x\r\n\r\n", 400), ("GET /\r\nHost: x\r\n\r\n", 400),
    ("GET / HTTP/2.0\r\nHost: x\r\n\r\n", 505), ("GET / HTTP/7.9\r\nHost: x\r\n\r\n", 505),
    ("GET / HTTP/1.10\r\nHost: x\r\n\r\n", 400), ("GET / http/1.1\r\nHost: x\r\n\r\n", 400),
    ("G@T / HTTP/1.1\r\nHost: x\r\n\r\n", 400), ("GET x HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    ("CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: x\r\nA : b\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: x\r\n A: b\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: x\r\n: b\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: x\r\nA\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: x\r\nA: b\0c\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: x\r\nA: b\u{1B}c\r\n\r\n", 400),
    ("\u{16}\u{3}\u{1}", 400), ("\r\n\r\n\r\n", 400), ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
  ])
  func `a header that could be read in two ways is refused`(text: String, status: Int) {
    #expect(Self.outcome(text) == .status(status))
  }

  @Test(arguments: [
    ("Content-Length: 5\r\nTransfer-Encoding: chunked", 400),
    ("Transfer-Encoding: chunked\r\nContent-Length: 0", 400),
    ("Transfer-Encoding : chunked\r\nContent-Length: 5", 400),
    ("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", 400),
    ("Transfer-Encoding: chunked, chunked", 501), ("Transfer-Encoding: xchunked", 501),
    ("Transfer-Encoding: gzip, chunked", 501), ("Transfer-Encoding: chunked;q=1", 501),
    ("Transfer-Encoding:\u{B}chunked", 400), ("Transfer-Encoding: identity", 501),
    ("Transfer-Encoding:", 501), ("Content-Length: 5\r\nContent-Length: 5", 400),
    ("Content-Length: 5, 5", 400), ("Content-Length: +5", 400), ("Content-Length: -1", 400),
    ("Content-Length: 0x5", 400), ("Content-Length: 5 ", 0), ("Content-Length:", 400),
    ("Content-Length: 99999999999999999999", 400), ("Content-Length: 262145", 413),
    ("Expect: 200-ok\r\nContent-Length: 5", 417),
  ])
  func `a body whose length is in doubt is refused`(fields: String, status: Int) {
    let outcome = Self.outcome("POST / HTTP/1.1\r\nHost: x\r\n\(fields)\r\n\r\nabcde")
    #expect(outcome == (status == 0 ? .request("POST /", body: "abcde") : .status(status)))
  }

  @Test func `chunks are for HTTP 1.1 only`() {
    let text = "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    #expect(Self.outcome(text) == .status(400))
  }

  @Test(arguments: [
    ("g\r\n", 400), ("\r\n", 400), ("-1\r\nx\r\n", 400), ("0x1\r\nx\r\n", 400),
    ("1 \r\nx\r\n", 400),
    ("1\nx\r\n0\r\n\r\n", 400), ("1\r\nxy\r\n", 400), ("1\r\nx\r0\r\n\r\n", 400),
    ("FFFFFFFF\r\n", 413), ("100000000\r\n", 400), ("40001\r\n", 413),
    ("ffffffffffffffff\r\n", 400), ("1;\u{0}\r\nx\r\n", 400), ("0\r\nX: y\n\r\n", 400),
    ("1" + String(repeating: ";a", count: 200) + "\r\nx\r\n", 400),
    (
      "0\r\n" + String(repeating: "X: " + String(repeating: "y", count: 90) + "\r\n", count: 20),
      400
    ),
  ])
  func `bad chunks are refused`(body: String, status: Int) {
    let text = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + body
    #expect(Self.outcome(text) == .status(status))
  }

  @Test func `chunks are added up against the limit`() {
    let chunk = "8000\r\n" + String(repeating: "a", count: 0x8000) + "\r\n"
    let head = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    let full = head + String(repeating: chunk, count: 8)
    #expect(Self.outcome(Array((full + "1\r\n").utf8)) == .status(413))
    let body = String(repeating: "a", count: 262_144)
    #expect(Self.outcome(Array((full + "0\r\n\r\n").utf8)) == .request("POST /", body: body))
  }

  @Test func `size limits hold`() {
    let many = (0..<300).map { "X-\($0): 1\r\n" }.joined()
    #expect(Self.outcome("GET / HTTP/1.1\r\nHost: x\r\n\(many)\r\n") == .status(431))
    let long = "X: " + String(repeating: "a", count: 20_000)
    #expect(Self.outcome("GET / HTTP/1.1\r\nHost: x\r\n\(long)\r\n\r\n") == .status(431))
    let target = "/" + String(repeating: "a", count: 9000)
    #expect(Self.outcome("GET \(target) HTTP/1.1\r\nHost: x\r\n\r\n") == .status(414))
    let endless = [UInt8](repeating: 0x41, count: 2 * 1024 * 1024)
    #expect(Self.outcome(endless) == .status(431))
    let method = String(repeating: "A", count: 33)
    #expect(Self.outcome("\(method) / HTTP/1.1\r\nHost: x\r\n\r\n") == .status(400))
  }

  @Test func `every truncation waits for more`() {
    let text = "POST /a?b=c HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"
    for count in 0..<text.utf8.count {
      #expect(Self.outcome(Array(text.utf8.prefix(count))) == .waiting, "\(count)")
    }
    let chunked =
      "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
    for count in 0..<chunked.utf8.count {
      #expect(Self.outcome(Array(chunked.utf8.prefix(count))) == .waiting, "\(count)")
    }
  }

  @Test func `mutated requests never trap`() {
    var generator = Xorshift(state: 99)
    let seeds = [
      "POST /a/%41?b=%20c&d HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
      "GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nOrigin: http://x\r\n"
        + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
    ].map { Array($0.utf8) }
    for round in 0..<5_000 {
      var bytes = seeds[round % 2]
      for _ in 0..<Int.random(in: 1...5, using: &generator) {
        let place = Int.random(in: bytes.indices, using: &generator)
        switch Int.random(in: 0..<3, using: &generator) {
        case 0: bytes[place] = .random(in: .min ... .max, using: &generator)
        case 1: bytes.remove(at: place)
        default: bytes.insert(.random(in: .min ... .max, using: &generator), at: place)
        }
      }
      _ = Self.outcome(bytes)
    }
  }

  @Test(arguments: [
    ("/", "/"), ("/a/b", "/a/b"), ("/a//b/", "/a/b/"), ("//a", "/a"), ("/a%20b", "/a b"),
    ("/a+b", "/a+b"),
    ("/%E2%82%AC", "/€"), ("/.well-known/x", "/.well-known/x"), ("/a...b", "/a...b"), ("/?", "/"),
    ("/a;b=c", "/a;b=c"), ("HTTP://x/a", "/a"), ("http://x", "/"), ("http://x?q", "/"),
  ])
  func `a path is decoded and made plain`(target: String, path: String) throws {
    #expect(try RequestTarget(parsing: Array(target.utf8)[...]).path == path)
  }

  @Test(arguments: [
    "/../etc/passwd", "/a/../b", "/a/..", "/a/.", "/./a", "/%2e%2e/etc", "/%2E%2e%2fetc", "/a%2fb",
    "/..%2f..%2fetc", "/%5c..%5cetc", "/..\\etc", "/a%00b", "/a%0d%0aX:y", "/a%7f",
    "/%c0%ae%c0%ae/etc",
    "/%c0%af", "/%e0%80%af", "/%ff", "/%", "/%4", "/%zz", "/a#b", "/a\u{7F}", "/é", "x", "",
    "http:///a", "https://", "/a?b=%00", "/a?b=%zz", "/a?%ff",
  ])
  func `a path that climbs or hides is refused`(target: String) {
    #expect(throws: HTTPFault.self) { try RequestTarget(parsing: Array(target.utf8)[...]) }
  }

  @Test func `query parameters are decoded in order`() throws {
    let target = "/ws?roomId=t%C3%A9a&userId=a+b%2B&x&=y&roomId=second&e=1=2&&amp;q=;"
    let query = try RequestTarget(parsing: Array(target.utf8)[...]).query
    #expect(query["roomId"] == "téa")
    #expect(query["userId"] == "a b+")
    #expect(query["x"] == "")
    #expect(query[""] == "y")
    #expect(query["e"] == "1=2")
    #expect(query["none"] == nil)
    #expect(query.parameters.filter { $0.name == "roomId" }.map(\.value) == ["téa", "second"])
  }

  @Test(
    arguments: [
      (nil, true), ("http://meet.example:8080", true), ("https://meet.example:8080", true),
      ("HTTP://MEET.example:8080", true), ("https://ok.example", true),
      ("https://ok.example:443", true), ("null", false), ("", false),
      ("http://meet.example", false),
      ("http://meet.example:80", false), ("https://ok.example.evil", false),
      ("http://ok.example", false), ("https://evil.ok.example", false),
      ("https://meet.example:8080.evil", false), ("http://meet.example:8080/", false),
      ("https://ok.example https://evil.example", false), ("file://", false),
      ("http://meet.example:8080@evil.example", false), ("wss://ok.example", false),
    ] as [(String?, Bool)])
  func `only pages of our own and configured origins open a WebSocket`(
    origin: String?, isAllowed: Bool
  ) {
    var headers: HTTPFields = ["Host": "meet.example:8080"]
    headers["Origin"] = origin
    #expect(OriginPolicy(allowed: ["https://ok.example"]).allows(headers) == isAllowed)
  }

  @Test func `two origins are none, and ports that go without saying are left out`() {
    var headers: HTTPFields = ["Host": "meet.example", "Origin": "http://meet.example:80"]
    #expect(OriginPolicy(allowed: []).allows(headers))
    headers["Host"] = "meet.example:443"
    headers["Origin"] = "https://meet.example"
    #expect(OriginPolicy(allowed: []).allows(headers))
    headers.append("Origin", "https://meet.example")
    #expect(!OriginPolicy(allowed: []).allows(headers))
  }

  @Test func `dates are written as HTTP writes them`() {
    #expect(HTTPDate.text(secondsSince1970: 784_111_777) == "Sun, 06 Nov 1994 08:49:37 GMT")
    #expect(HTTPDate.text(secondsSince1970: 0) == "Thu, 01 Jan 1970 00:00:00 GMT")
    #expect(HTTPDate.text(secondsSince1970: 951_782_400) == "Tue, 29 Feb 2000 00:00:00 GMT")
    #expect(HTTPDate.text(secondsSince1970: -1) == "Wed, 31 Dec 1969 23:59:59 GMT")
    _ = HTTPDate.text(secondsSince1970: .max)
    _ = HTTPDate.text(secondsSince1970: .min)
  }

  @Test func `dripping does not move a deadline`() {
    let start = ContinuousClock.now
    let settings = SessionSettings(Configuration(), webSocketPaths: [], date: { "" })
    var session = HTTPSession(settings: settings, peer: .init(address: "::1", port: 1), at: start)
    var actions: [HTTPSession.Action] = []
    for second in 1...9 {
      session.receive(Array("G".utf8)[...], at: start + .seconds(second), into: &actions)
      #expect(session.deadline == start + .seconds(10))
    }
    session.advance(to: start + .seconds(9.9), into: &actions)
    #expect(actions.isEmpty)
    session.advance(to: start + .seconds(10), into: &actions)
    #expect(actions.count == 3)
    #expect(session.deadline == nil)
  }

  @Test func `a response that nobody reads is given up`() {
    let start = ContinuousClock.now
    let settings = SessionSettings(Configuration(), webSocketPaths: [], date: { "" })
    var session = HTTPSession(settings: settings, peer: .init(address: "::1", port: 1), at: start)
    var actions: [HTTPSession.Action] = []
    let request = Array("GET / HTTP/1.1\r\nHost: x\r\n\r\n".utf8)
    session.receive(request[...], at: start, into: &actions)
    #expect(session.deadline == nil)
    session.respond(.text("hello"), at: start + .seconds(60), into: &actions)
    session.progressed(at: start + .seconds(80))
    session.advance(to: start + .seconds(109), into: &actions)
    #expect(session.deadline == start + .seconds(110))
    actions = []
    session.advance(to: start + .seconds(110), into: &actions)
    guard case .abort = actions.first else { Issue.record("it goes on"); return }
  }
}
