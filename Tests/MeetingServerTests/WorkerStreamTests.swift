import HTTPServer
import MeetingServer
import Net
import Testing
import Wire

/// Media over TCP, with real workers and real sockets.
@Suite struct WorkerStreamTests {
  /// A plane of three workers and a web server that hands it connections.
  private func withPlane(
    timeToProve: Wire.Duration = .seconds(600), idleTime: Wire.Duration = .seconds(600),
    _ body: (WorkerMediaPlane, UInt16) async throws -> Void
  ) async throws {
    var configuration = MediaConfiguration(
      host: IPAddress(127, 0, 0, 1), port: 0, workerCount: 3)
    configuration.timeToProveStream = timeToProve
    configuration.streamIdleTime = idleTime
    let plane = try await WorkerMediaPlane(configuration)
    let web = WebServer(routes: Routes(streams: [plane.streamService]))
    try await web.start()
    let port = web.port ?? 0
    await plane.offerStreams(port: port) { $0.isLoopback }
    var failure: (any Error)?
    do { try await body(plane, port) } catch { failure = error }
    await web.stop()
    await plane.stop()
    if let failure { throw failure }
  }

  private static func offer(named fragment: String) -> String {
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"
      + "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\n"
      + "a=ice-ufrag:\(fragment)\r\na=ice-pwd:0123456789012345678901\r\n"
      + "a=fingerprint:sha-256 \(Array(repeating: "AB", count: 32).joined(separator: ":"))\r\n"
      + "a=setup:actpass\r\na=sctp-port:5000\r\n"
  }

  private static func value(_ name: String, of sdp: String) -> String {
    let line = sdp.split(separator: "\r\n").first { $0.hasPrefix("a=\(name):") }
    return String(line?.dropFirst(name.count + 3) ?? "")
  }

  private static func caller(
    _ name: String, answer: String, password: String? = nil, port: UInt16
  ) -> Caller {
    Caller(
      named: name, to: value("ice-ufrag", of: answer),
      password ?? value("ice-pwd", of: answer), port: port)
  }

  @Test func `answers tell of the port, and whichever worker knows a peer takes its connection`()
    async throws
  {
    try await withPlane { plane, port in
      for number in 0..<6 {
        let name = "caller\(number)"
        let answer = try await plane.connectClock(offer: Self.offer(named: name), client: nil)
        #expect(answer.contains(" 127.0.0.1 \(port) typ host tcptype passive\r\n"))
        try await blocking {
          let caller = Self.caller(name, answer: answer, port: port)
          _ = try Self.connected(caller, port, cutAt: number)
        }
      }
    }
  }

  /// A connection on which a caller was answered; its first datagram comes in two pieces.
  private static func connected(
    _ caller: Caller, _ port: UInt16, cutAt cut: Int = 0
  ) throws -> LoopbackClient {
    let client = try LoopbackClient(port: port)
    let first = caller.framed(caller.outgoing(at: MonotonicClock.now()))
    try client.write(Array(first.prefix(cut)))
    try client.write(Array(first.dropFirst(cut)))
    while !caller.isAnswered {
      let length = try client.take(2).reduce(0) { $0 << 8 | Int($1) }
      let now = MonotonicClock.now()
      let answers = caller.receive(try client.take(length), at: now)
      try client.write(caller.framed(answers + caller.outgoing(at: now)))
    }
    return client
  }

  @Test func `whoever nobody knows is closed`() async throws {
    try await withPlane { plane, port in
      _ = try await plane.connectClock(offer: Self.offer(named: "abcd"), client: nil)
      try await blocking {
        let stranger = Caller(named: "abcd", to: "nobody", "0123456789012345678901", port: port)
        let client = try LoopbackClient(port: port)
        try client.write(stranger.framed(stranger.outgoing(at: MonotonicClock.now())))
        #expect(try client.isClosed())
      }
    }
  }

  @Test func `a frame that nobody sends ends a connection, whoever it is`() async throws {
    try await withPlane { plane, port in
      let answer = try await plane.connectClock(offer: Self.offer(named: "abcd"), client: nil)
      try await blocking {
        let client = try Self.connected(Self.caller("abcd", answer: answer, port: port), port)
        try client.write([0xff, 0xff, 1, 2, 3])
        try client.readToEnd()
      }
    }
  }

  @Test func `a peer that falls silent has its connection closed`() async throws {
    // A check is answered before it is over, whatever else this machine does.
    try await withPlane(idleTime: .seconds(3)) { plane, port in
      let answer = try await plane.connectClock(offer: Self.offer(named: "abcd"), client: nil)
      try await blocking {
        let client = try Self.connected(Self.caller("abcd", answer: answer, port: port), port)
        try client.write([0])
        try client.readToEnd()
      }
    }
  }

  @Test func `a connection that does not prove to be a peer's is closed`()
    async throws
  {
    try await withPlane(timeToProve: .milliseconds(300)) { plane, port in
      let answer = try await plane.connectClock(offer: Self.offer(named: "abcd"), client: nil)
      try await blocking {
        let liar = Self.caller(
          "abcd", answer: answer, password: "0123456789012345678901", port: port)
        let client = try LoopbackClient(port: port)
        try client.write(liar.framed(liar.outgoing(at: MonotonicClock.now())))
        #expect(try client.isClosed())
      }
    }
  }
}
