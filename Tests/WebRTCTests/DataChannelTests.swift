import Testing

@testable import WebRTC

struct DataChannelTests {
  @Test func `two connections exchange text and bytes`() async throws {
    let call = try await Call()
    let channel = try await call.caller.createDataChannel("chat")
    try await call.negotiate()
    try await channel.opened()
    try await channel.send("halo")
    try await channel.send([1, 2, 3])
    try await channel.send("")
    var incoming = call.calleeChannels.makeAsyncIterator()
    let other = try #require(await incoming.next())
    #expect(other.label == "chat")
    var messages = other.messages.makeAsyncIterator()
    #expect(await messages.next() == .text("halo"))
    #expect(await messages.next() == .binary([1, 2, 3]))
    #expect(await messages.next() == .text(""))
    try await other.send("back")
    var answers = channel.messages.makeAsyncIterator()
    #expect(await answers.next() == .text("back"))
    await call.close()
    #expect(await answers.next() == nil)
  }

  @Test func `a sender waits while too much is on its way, and all of it arrives`() async throws {
    var configuration = PeerConnection.Configuration.loopback
    configuration.sendBufferLimit = 256 << 10
    let call = try await Call(caller: configuration)
    let channel = try await call.caller.createDataChannel("bulk")
    try await call.negotiate()
    try await channel.opened()
    let count = 200
    let sending = Task {
      for number in 0..<count {
        try await channel.send([UInt8](repeating: UInt8(truncatingIfNeeded: number), count: 50_000))
        #expect(await channel.bufferedAmount <= 256 << 10 + 50_000)
      }
    }
    var incoming = call.calleeChannels.makeAsyncIterator()
    let other = try #require(await incoming.next())
    var received = 0
    for await message in other.messages {
      guard case .binary(let bytes) = message else { break }
      #expect(bytes.count == 50_000 && bytes[7] == UInt8(truncatingIfNeeded: received))
      received += 1
      if received == count { break }
    }
    #expect(received == count)
    try await sending.value
    await call.close()
  }

  @Test func `a message larger than a quarter of the buffer waits for its own room`() async throws {
    var sending = PeerConnection.Configuration.loopback
    sending.sctp.sendBufferLimit = 1 << 20
    var receiving = PeerConnection.Configuration.loopback
    receiving.sctp.maximumReceivedMessageSize = 4 << 20
    let call = try await Call(caller: sending, callee: receiving)
    let channel = try await call.caller.createDataChannel("bulk")
    try await call.negotiate()
    try await channel.opened()
    #expect(await call.caller.maximumMessageSize == 1 << 20)
    await #expect(throws: RTCError.messageTooLong(limit: 1 << 20)) {
      try await channel.send([UInt8](repeating: 0, count: (1 << 20) + 1))
    }
    let sizes = [700 << 10, 700 << 10, 1 << 20, 1, 0, 900 << 10]
    let task = Task {
      for size in sizes { try await channel.send([UInt8](repeating: 7, count: size)) }
    }
    var incoming = call.calleeChannels.makeAsyncIterator()
    let other = try #require(await incoming.next())
    var messages = other.messages.makeAsyncIterator()
    for size in sizes { #expect(await messages.next()?.byteCount == size) }
    try await task.value
    await call.close()
  }

  @Test func `who does not read holds no more than the limit, and loses nothing`() async throws {
    var receiving = PeerConnection.Configuration.loopback
    receiving.unreadLimit = 512 << 10
    let call = try await Call(callee: receiving)
    let channel = try await call.caller.createDataChannel("bulk")
    try await call.negotiate()
    try await channel.opened()
    let count = 200
    for _ in 0..<count { try await channel.send([UInt8](repeating: 7, count: 20_000)) }
    var incoming = call.calleeChannels.makeAsyncIterator()
    let other = try #require(await incoming.next())
    var held = 0
    while true {
      try await Task.sleep(for: .milliseconds(300))
      let now = try await call.callee.handle.perform { connection, _, _ throws(RTCError) in
        connection.unread.total
      }
      // A probe of the closed window still brings a packet now and then.
      if now > 256 << 10, now - held < 20_000 { break }
      held = now
    }
    #expect(held <= 1 << 20)
    var messages = other.messages.makeAsyncIterator()
    for _ in 0..<count { #expect(await messages.next()?.byteCount == 20_000) }
    await call.close()
  }

  @Test func `a task that waits can be cancelled`() async throws {
    let connection = try await PeerConnection(configuration: .loopback)
    let channel = try await connection.createDataChannel("never")
    let opening = Task { try await channel.opened() }
    let connecting = Task { try await connection.connected() }
    let early = Task {
      while !Task.isCancelled { await Task.yield() }
      try await channel.opened()
    }
    for task in [opening, connecting, early] {
      task.cancel()
      await #expect(throws: RTCError.cancelled) { try await task.value }
    }
    #expect(await connection.connectionState == .new && channel.state == .connecting)
    await connection.close()
  }

  @Test func `a sender that waits can be cancelled, and nothing of its message is sent`()
    async throws
  {
    var receiving = PeerConnection.Configuration.loopback
    receiving.unreadLimit = 64 << 10
    var sending = PeerConnection.Configuration.loopback
    sending.sendBufferLimit = 100_000
    let call = try await Call(caller: sending, callee: receiving)
    let channel = try await call.caller.createDataChannel("bulk")
    try await call.negotiate()
    try await channel.opened()
    let task = Task {
      var count: UInt32 = 0
      do throws(RTCError) {
        while true {
          try await channel.send([UInt8](repeating: 7, count: 20_000))
          count += 1
        }
      } catch {
        return (count, error)
      }
    }
    // Nobody reads, so it waits before long; what it has sent by then is whole.
    while await channel.bufferedAmount < 100_000 { await Task.yield() }
    task.cancel()
    let (count, error) = await task.value
    #expect(error == .cancelled)
    try await channel.send("end")
    var incoming = call.calleeChannels.makeAsyncIterator()
    let other = try #require(await incoming.next())
    var messages = other.messages.makeAsyncIterator()
    for _ in 0..<count { #expect(await messages.next()?.byteCount == 20_000) }
    #expect(await messages.next() == .text("end"))
    await call.close()
  }

  @Test func `a channel that cannot open says so`() async throws {
    let connection = try await PeerConnection(configuration: .loopback)
    let channel = try await connection.createDataChannel("never")
    let waiting = Task { try await channel.opened() }
    await connection.close()
    await #expect(throws: RTCError.self) { try await waiting.value }
    await #expect(throws: RTCError.closed) { try await connection.createOffer() }
  }
}
