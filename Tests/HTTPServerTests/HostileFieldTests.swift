import Glibc
import Testing

@testable import HTTPServer

/// Comparing two such texts as strings takes time that grows with the square of their length.
private let marks = Array(
  (String(repeating: "\u{300}", count: 60_000) + String(repeating: "\u{316}", count: 60_000)).utf8)

/// Processor time of this thread: what else goes on at this machine is not in it.
private func processorTime() -> Duration {
  var time = timespec()
  // The kernel writes the time into a local variable.
  unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
  return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
}

@Suite struct HostileFieldTests {
  @Test(arguments: [
    "Connection", "Upgrade", "Expect", "Transfer-Encoding", "Sec-WebSocket-Version", "Origin",
    "If-None-Match", "Accept-Encoding",
  ])
  func `field values are never compared as text`(name: String) {
    var limits = Limits()
    limits.headBytes = 1 << 20
    let start = processorTime()
    let lines = "GET / HTTP/1.1\nHost: x\n\(name): "
    let parsed = Result { () throws(HTTPFault) in
      try RequestHead(parsing: Array(lines.utf8) + marks + [0x0A], limits: limits)
    }
    if case .success(let head) = parsed {
      #expect(head.keepsAlive)
      #expect(!WebSocketHandshake.isAsked(by: head))
      #expect(throws: HTTPFault.self) {
        try WebSocketHandshake.accept(head, policy: OriginPolicy(allowed: ["https://é.example"]))
      }
      let request = HTTPRequest(path: "/app.js", headers: head.headers)
      #expect(StaticFilesTests.files.response(to: request)?.status == .ok)
    }
    // Comparing it once takes longer than this, even where nothing else runs.
    #expect(processorTime() - start < .seconds(2))
  }

  @Test func `a name in the query is never compared as text`() {
    let start = processorTime()
    let query = Query([.init(name: String(decoding: marks, as: UTF8.self), value: "x")])
    #expect(query["náme"] == nil)
    #expect(processorTime() - start < .seconds(2))
  }
}
