import Testing

@testable import WebRTC

/// What nobody reads is bounded.
@Suite(.timeLimit(.minutes(1)))
struct UnreadTests {
  private static func unread(_ connection: PeerConnection) async throws -> Int {
    try await connection.handle.perform { connection, _, _ throws(RTCError) in
      connection.unread.total
    }
  }

  @Test func `what a closed channel held and nobody will read narrows no window`() async throws {
    let call = try await Call()
    let channel = try await call.caller.createDataChannel("brief")
    try await call.negotiate()
    try await channel.opened()
    for _ in 0..<20 { try await channel.send([UInt8](repeating: 7, count: 50_000)) }
    await channel.close()
    var incoming = call.calleeChannels.makeAsyncIterator()
    var other = await incoming.next()
    if let events = other?.events { for await event in events where event == .closed { break } }
    #expect(try await Self.unread(call.callee) > 1_000_000)
    #expect(other?.state == .closed)
    other = nil
    while try await Self.unread(call.callee) > 0 {}
    await call.close()
  }

  @Test func `readers and window are told in steps, and of the last byte`() {
    let unread = UnreadBytes(limit: 1000)
    unread.add(249)
    #expect(unread.takeNews() == nil)
    unread.add(1)
    #expect(unread.takeNews() == 250)
    #expect(unread.takeNews() == nil)
    #expect(!unread.take(100))
    #expect(unread.take(150))
    #expect(unread.takeNews() == 0 && unread.takeNews() == nil)
    unread.add(500)
    #expect(unread.takeNews() == 500)
    #expect(unread.take(250))
    #expect(!unread.take(10))
    #expect(unread.takeNews() == 240)
  }
}
