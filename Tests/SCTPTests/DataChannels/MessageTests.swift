import RTCTesting
import SCTP
import Testing
import Wire

struct ChannelMessageTests {
  @Test func `text, bytes and nothing of either arrive as they were sent`() throws {
    let pair = ChannelPair()
    let (near, far) = try pair.connected()
    let messages: [DataChannelMessage] = [
      .text("halo 🌴"), .binary([0, 255]), .text(""), .binary([]), .text("\0"),
      .binary([UInt8](repeating: 3, count: 262_144)),
      DataChannelMessage(kind: .text, bytes: [0xC3, 0x28]),
    ]
    for message in messages {
      try pair.send(message, on: near, by: pair.client)
      try pair.send(message, on: far, by: pair.server)
    }
    pair.run(for: .seconds(5))
    #expect(pair.server.heard(on: far) == messages)
    #expect(pair.client.heard(on: near) == messages)
    #expect(pair.server.heard(on: far).last?.string == "\u{FFFD}(")
    let statistics = pair.server.channels.statistics(of: far)
    #expect(statistics?.messagesReceived == 7 && statistics?.messagesSent == 7)
    #expect(statistics?.bytesReceived == statistics?.bytesSent)
  }

  @Test(arguments: [0.0, 0.01, 0.05, 0.2])
  func `a reliable and ordered channel loses nothing and turns nothing round`(loss: Double) throws {
    for seed in 1...3 as ClosedRange<UInt64> {
      let pair = ChannelPair(
        seed: seed,
        conditions: LinkConditions(
          delay: .milliseconds(10), loss: .bernoulli(loss), reordering: loss, duplication: loss))
      pair.start()
      let near = try pair.open(pair.client)
      pair.run(for: .seconds(20))
      let far = try #require(pair.server.incoming.first)
      let messages = (0..<200).map { index in
        DataChannelMessage.binary([UInt8](repeating: UInt8(index), count: index * index % 5000))
      }
      for message in messages { try pair.send(message, on: near, by: pair.client) }
      pair.run(for: .seconds(120))
      #expect(pair.server.heard(on: far) == messages, "seed \(seed)")
      #expect(pair.client.channels.bufferedAmount(of: near) == 0)
    }
  }

  @Test func `an unordered channel delivers all of it, each message once`() throws {
    let pair = ChannelPair(
      conditions: LinkConditions(
        delay: .milliseconds(10), loss: .bernoulli(0.1), reordering: 0.3))
    pair.start()
    let near = try pair.open(pair.client, DataChannelOptions(isOrdered: false))
    pair.run(for: .seconds(5))
    let far = try #require(pair.server.incoming.first)
    for index in 0..<250 as Range<UInt8> {
      try pair.send(.binary([index]), on: near, by: pair.client)
      if index % 10 == 0 { pair.run(for: .milliseconds(5)) }
    }
    pair.run(for: .seconds(60))
    let heard = pair.server.heard(on: far).map(\.bytes)
    #expect(Set(heard).count == 250 && heard.count == 250)
    #expect(heard != heard.sorted { $0[0] < $1[0] })
  }

  @Test(arguments: [
    DataChannelOptions(isOrdered: false, maximumRetransmissions: 0),
    DataChannelOptions(isOrdered: false, maximumLifetime: .milliseconds(50)),
    DataChannelOptions(maximumRetransmissions: 0),
  ])
  func `a channel that may lose does lose, and never stands still for it`(
    options: DataChannelOptions
  ) throws {
    let pair = ChannelPair(
      conditions: LinkConditions(delay: .milliseconds(30), loss: .bernoulli(0.2)))
    pair.start()
    let near = try pair.open(pair.client, options)
    pair.run(for: .seconds(20))
    let far = try #require(pair.server.incoming.first)
    for index in 0..<500 {
      try pair.send(.text("\(index)"), on: near, by: pair.client)
      pair.run(for: .milliseconds(10))
    }
    pair.run(for: .seconds(30))
    let heard = pair.server.heard(on: far).compactMap { Int($0.string) }
    #expect((250..<500).contains(heard.count), "\(heard.count)")
    #expect(Set(heard).count == heard.count)
    #expect(!options.isOrdered || heard == heard.sorted())
    // The way is free again.
    pair.network.setConditions(LinkConditions(delay: .milliseconds(30)), of: pair.clientHost)
    try pair.send(.text("last"), on: near, by: pair.client)
    pair.run(for: .seconds(2))
    #expect(pair.server.heard(on: far).last == .text("last"))
  }

  @Test func `what the other side does not take is refused here`() throws {
    let pair = ChannelPair()
    let (near, far) = try pair.connected()
    pair.client.channels.maximumMessageSize = 10
    #expect(throws: DataChannelError.messageTooLong) {
      try pair.send(.text("12345678901"), on: near, by: pair.client)
    }
    try pair.send(.text("1234567890"), on: near, by: pair.client)
    pair.client.channels.maximumMessageSize = 0
    try pair.send(.binary([UInt8](repeating: 1, count: 200_000)), on: near, by: pair.client)
    pair.run(for: .seconds(2))
    #expect(pair.server.heard(on: far).map(\.bytes.count) == [10, 200_000])
  }

  @Test func `row 13: a message longer than we said ends the association with a reason`() throws {
    let pair = ChannelPair()
    let (near, _) = try pair.connected()
    pair.client.channels.maximumMessageSize = 0
    try pair.send(.binary([UInt8](repeating: 1, count: 262_145)), on: near, by: pair.client)
    pair.run(for: .seconds(5))
    #expect(pair.server.count(.failed(.messageTooLong)) == 1)
    #expect(pair.client.closed == [near])
    #expect(pair.nodes.allSatisfy { $0.channels.ids.isEmpty && $0.channels.deadline == nil })
    #expect(throws: DataChannelError.ended) { try pair.open(pair.server) }
  }

  @Test func `what waits is told, and when it gets low`() throws {
    let pair = ChannelPair(
      conditions: LinkConditions(delay: .milliseconds(10), bitsPerSecond: 1_000_000))
    let (near, far) = try pair.connected()
    pair.client.channels.setBufferedAmountLowThreshold(100_000, of: near)
    for _ in 0..<50 {
      try pair.send(.binary([UInt8](repeating: 1, count: 10_000)), on: near, by: pair.client)
    }
    #expect(pair.client.channels.bufferedAmount(of: near) > 400_000)
    #expect(pair.client.count(.bufferedAmountLow(near)) == 0)
    let isLow = pair.network.run(until: pair.network.now + .seconds(60)) {
      pair.client.count(.bufferedAmountLow(near)) == 1
    }
    #expect(isLow && pair.client.channels.bufferedAmount(of: near) <= 100_000)
    pair.run(for: .seconds(30))
    #expect(pair.client.channels.bufferedAmount(of: near) == 0)
    #expect(pair.client.count(.bufferedAmountLow(near)) == 1)
    #expect(pair.server.heard(on: far).count == 50)
  }

  @Test func `a threshold set before there is a stream holds`() throws {
    let pair = ChannelPair(
      conditions: LinkConditions(delay: .milliseconds(10), bitsPerSecond: 1_000_000))
    let near = try pair.open(pair.client)
    pair.client.channels.setBufferedAmountLowThreshold(50_000, of: near)
    pair.start()
    pair.run(for: .seconds(1))
    try pair.send(.binary([UInt8](repeating: 1, count: 200_000)), on: near, by: pair.client)
    let isLow = pair.network.run(until: pair.network.now + .seconds(60)) {
      pair.client.count(.bufferedAmountLow(near)) == 1
    }
    #expect(isLow)
    let waiting = pair.client.channels.bufferedAmount(of: near)
    #expect(waiting > 0 && waiting <= 50_000)
  }

  @Test func `a full buffer is said, and nothing of the message is sent`() throws {
    var options = SCTPOptions()
    options.sendBufferLimit = 100_000
    let pair = ChannelPair(
      conditions: LinkConditions(delay: .milliseconds(10), bitsPerSecond: 1_000_000),
      options: options)
    let (near, far) = try pair.connected()
    var count = 0
    #expect(throws: DataChannelError.bufferFull) {
      while count < 100 {
        try pair.send(.binary([UInt8](repeating: 1, count: 9_000)), on: near, by: pair.client)
        count += 1
      }
    }
    #expect(count > 8)
    pair.run(for: .seconds(10))
    #expect(pair.server.heard(on: far).count == count)
  }

  @Test func `of two channels that have more to say than fits, the higher priority says more`()
    throws
  {
    let pair = ChannelPair(
      conditions: LinkConditions(delay: .milliseconds(10), bitsPerSecond: 4_000_000))
    pair.start()
    let low = try pair.open(pair.client, DataChannelOptions(priority: 128))
    let high = try pair.open(pair.client, DataChannelOptions(priority: 1024))
    pair.run(for: .seconds(1))
    for _ in 0..<300 {
      for id in [low, high] {
        try pair.send(.binary([UInt8](repeating: 1, count: 4_000)), on: id, by: pair.client)
      }
    }
    pair.run(for: .seconds(1))
    let counts = pair.server.incoming.map { pair.server.heard(on: $0).count }
    #expect(counts.count == 2 && counts[1] > 3 * counts[0] && counts[0] > 0, "\(counts)")
  }

  @Test func `who is not connected, or is closed, cannot send`() throws {
    let pair = ChannelPair()
    let id = try pair.open(pair.client)
    #expect(throws: DataChannelError.notOpen) { try pair.send(.text("x"), on: id, by: pair.client) }
    pair.start()
    pair.run(for: .seconds(1))
    pair.close(id, by: pair.client)
    #expect(throws: DataChannelError.notOpen) { try pair.send(.text("x"), on: id, by: pair.client) }
    pair.run(for: .seconds(1))
    #expect(throws: DataChannelError.notOpen) { try pair.send(.text("x"), on: id, by: pair.client) }
    #expect(throws: DataChannelError.notOpen) {
      try pair.send(.text("x"), on: DataChannelID(rawValue: 999), by: pair.client)
    }
  }
}
