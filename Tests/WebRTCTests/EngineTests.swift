import STUN
import Testing
import Wire

@testable import WebRTC

/// How an engine keeps its connections apart and in time.
struct EngineTests {
  @Test func `who is due first comes first, whatever was changed meanwhile`() {
    var random = RandomSource.seeded(7)
    var timetable = Timetable()
    var expected: [ConnectionKey: Instant] = [:]
    for _ in 0..<5000 {
      let key = ConnectionKey(rawValue: random.next() % 40)
      let instant =
        random.next() % 4 == 0 ? nil : Instant.zero + .milliseconds(Int64(random.next() % 1000))
      timetable.set(key, to: instant)
      expected[key] = instant
      #expect(timetable.earliest == expected.values.min())
    }
    let end = Instant.zero + .milliseconds(500)
    var due: [ConnectionKey] = []
    while let key = timetable.takeDue(by: end) { due.append(key) }
    #expect(Set(due) == Set(expected.filter { $0.value <= end }.keys))
    #expect(due.compactMap { expected[$0] } == due.compactMap { expected[$0] }.sorted())
    #expect(timetable.earliest == expected.values.filter { $0 > end }.min())
  }

  @Test func `an answer belongs to whom the request was of, and old requests are forgotten`() {
    var requests = OpenRequests()
    func id(_ number: Int) -> STUNTransactionID {
      STUNTransactionID(high: 1, low: UInt64(number))
    }
    for number in 0..<40_000 {
      requests.add(id(number), of: ConnectionKey(rawValue: UInt64(number % 7)))
    }
    #expect(requests[id(39_999)] == ConnectionKey(rawValue: 39_999 % 7))
    #expect(requests[id(32_000)] == ConnectionKey(rawValue: 32_000 % 7))
    #expect(requests[id(0)] == nil)
    let request = [UInt8](capacity: 28) { output in
      output.beginSTUN(.request, id(5))
      output.finishSTUN()
    }
    for kind in [STUNClass.success, .error] {
      let answer = [UInt8](capacity: 28) { output in
        output.beginSTUN(kind, id(5))
        output.finishSTUN()
      }
      #expect(OpenRequests.transaction(of: answer.span, isAnswer: true) == id(5))
      #expect(OpenRequests.transaction(of: answer.span, isAnswer: false) == nil)
    }
    #expect(OpenRequests.transaction(of: request.span, isAnswer: false) == id(5))
    #expect(OpenRequests.transaction(of: request.span, isAnswer: true) == nil)
    for count in 0..<20 {
      let part = request.span.extracting(first: count)
      #expect(OpenRequests.transaction(of: part, isAnswer: false) == nil)
    }
  }

  @Test func `a path in use is not another connection's before it has answered there`() async throws
  {
    var options = RTCEngine.Options()
    options.sharedUDPPort = 0
    let engine = try RTCEngine(options: options)
    let client = try RTCEngine()
    let caller = try await PeerConnection(configuration: .loopback, engine: client)
    let callee = try await PeerConnection(configuration: .loopback, engine: engine)
    let thief = try await PeerConnection(configuration: .loopback, engine: engine)
    _ = try await caller.createDataChannel("any")
    try await caller.setLocalDescription()
    try await callee.setRemoteDescription(try await caller.gatheredLocalDescription())
    try await callee.setLocalDescription()
    try await caller.setRemoteDescription(try await callee.gatheredLocalDescription())
    try await callee.connected()
    let found = try await callee.handle.perform { connection, _, _ throws(RTCError) in
      connection.session.selectedPath
    }
    let path = try #require(found)
    let unused = Path(
      local: path.local, remote: TransportAddress(ip: IPAddress(192, 0, 2, 1), port: 9))
    await engine.hub.take(path, for: thief.handle.key)
    await engine.hub.take(unused, for: thief.handle.key)
    let paths = await engine.hub.paths
    #expect(paths[path] == callee.handle.key)
    #expect(paths[unused] == thief.handle.key)
    for connection in [caller, callee, thief] { await connection.close() }
    #expect(await engine.hub.paths.isEmpty)
  }
}
