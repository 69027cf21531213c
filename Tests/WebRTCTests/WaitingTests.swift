import Testing

@testable import WebRTC

/// Nobody waits for what does not come.
@Suite(.timeLimit(.minutes(1)))
struct WaitingTests {
  @Test func `a description that needs no candidates is there at once`() async throws {
    let connection = try await PeerConnection(configuration: .loopback)
    try await connection.setLocalDescription()
    #expect(try await connection.gatheredLocalDescription().kind == .offer)
    await connection.close()
  }

  @Test(arguments: [true, false])
  func `a sender who waits for room hears of the end`(ofTheConnection: Bool) async throws {
    var caller = PeerConnection.Configuration.loopback
    caller.sendBufferLimit = 256 << 10
    var callee = PeerConnection.Configuration.loopback
    callee.unreadLimit = 512 << 10
    let call = try await Call(caller: caller, callee: callee)
    let channel = try await call.caller.createDataChannel("bulk")
    try await call.negotiate()
    try await channel.opened()
    var incoming = call.calleeChannels.makeAsyncIterator()
    let other = try #require(await incoming.next())
    let sending = Task {
      while true { try await channel.send([UInt8](repeating: 1, count: 50_000)) }
    }
    try await waiters(of: call.caller, are: 1)
    if ofTheConnection { await call.callee.close() } else { await other.close() }
    await #expect(throws: RTCError.self) { try await sending.value }
    await call.close()
  }

  @Test func `after its connection and its engine a channel says that it is closed`() async throws {
    let channel: DataChannel
    do {
      let connection = try await PeerConnection(configuration: .loopback, engine: RTCEngine())
      channel = try await connection.createDataChannel("left over")
    }
    for await event in channel.events where event == .closed { break }
    await #expect(throws: RTCError.closed) { try await channel.send("late") }
    await #expect(throws: RTCError.closed) { try await channel.opened() }
    await channel.close()
    #expect(channel.state == .closed)
  }

  @Test func `who begins to wait at the moment in which the end comes hears of it`() async throws {
    for _ in 0..<20 {
      let connection = try await PeerConnection(configuration: .loopback)
      let channel = try await connection.createDataChannel("never open")
      let refused = await withTaskGroup(of: Bool.self) { group in
        for number in 0..<200 {
          if number == 100 {
            group.addTask {
              await connection.close()
              return true
            }
          }
          group.addTask {
            do throws(RTCError) { try await channel.opened() } catch {
              return error == .closed || error == .channelNotOpen
            }
            return false
          }
        }
        return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
      }
      #expect(refused == 201)
    }
  }

  /// Lets time pass until so many tasks wait for something of the connection.
  private func waiters(of connection: PeerConnection, are count: Int) async throws {
    var found = -1
    while found != count {
      found = try await connection.handle.perform { connection, _, _ throws(RTCError) in
        connection.waiters.count
      }
    }
  }
}
