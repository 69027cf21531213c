import RTCTesting
import SCTP
import Testing
import Wire

struct OpeningTests {
  @Test func `channels opened before the role is known get their streams when it is`() throws {
    let pair = ChannelPair()
    let first = try pair.open(pair.client, DataChannelOptions(label: "a"))
    let agreed = try pair.open(pair.client, DataChannelOptions(label: "n", negotiatedStream: 0))
    let second = try pair.open(pair.client, DataChannelOptions(label: "b"))
    let theirs = try pair.open(pair.server, DataChannelOptions(label: "c"))
    #expect(pair.client.channels.stream(of: first) == nil)
    #expect(pair.client.channels.stream(of: agreed) == 0)
    #expect(pair.client.channels.state(of: first) == .connecting)
    pair.start()
    #expect(pair.client.channels.stream(of: first) == 2)
    #expect(pair.client.channels.stream(of: second) == 4)
    #expect(pair.server.channels.stream(of: theirs) == 1)
    pair.run(for: .seconds(1))
    #expect(pair.client.count(.connected) == 1 && pair.server.count(.connected) == 1)
    #expect(pair.client.opened == [first, agreed, second] + pair.client.incoming)
    #expect(pair.server.incoming.count == 2 && pair.client.incoming.count == 1)
    let labels = pair.server.incoming.map { pair.server.channels.options(of: $0)?.label }
    #expect(labels == ["a", "b"])
    #expect(pair.client.channels.ids.allSatisfy { pair.client.channels.state(of: $0) == .open })
  }

  @Test func `what a channel is for arrives with it`() throws {
    for options in DataChannelOpenTests.examples.map(\.options) {
      let pair = ChannelPair()
      let (_, id) = try pair.connected(options)
      #expect(pair.server.channels.options(of: id) == options)
    }
  }

  @Test(arguments: [0.0, 0.1, 0.3]) func `channels open both ways over a link that loses`(
    loss: Double
  ) throws {
    for seed in 1...10 as ClosedRange<UInt64> {
      let pair = ChannelPair(
        seed: seed,
        conditions: LinkConditions(
          delay: .milliseconds(20), loss: loss > 0 ? .bernoulli(loss) : .none, reordering: loss,
          duplication: loss))
      pair.start()
      for index in 0..<8 {
        try pair.open(
          pair.client, DataChannelOptions(label: "c\(index)", isOrdered: index % 2 == 0))
        try pair.open(pair.server, DataChannelOptions(label: "s\(index)"))
      }
      pair.run(for: .seconds(60))
      for node in pair.nodes {
        #expect(node.opened.count == 16 && node.incoming.count == 8, "seed \(seed)")
        #expect(node.closed.isEmpty)
        let streams = node.channels.ids.compactMap { node.channels.stream(of: $0) }
        #expect(Set(streams).count == 16)
      }
      #expect(pair.network.stuckTimerCount == 0)
    }
  }

  @Test func `a negotiated channel needs no announcement, and may be opened later on one side`()
    throws
  {
    let pair = ChannelPair()
    pair.start()
    let options = DataChannelOptions(label: "mine", negotiatedStream: 77)
    let near = try pair.open(pair.client, options)
    pair.run(for: .seconds(1))
    for text in ["one", "two"] { try pair.send(.text(text), on: near, by: pair.client) }
    pair.run(for: .seconds(1))
    #expect(pair.server.incoming.isEmpty)
    // What came before is told when the channel is there.
    let far = try pair.open(pair.server, DataChannelOptions(negotiatedStream: 77))
    #expect(pair.server.heard(on: far) == [.text("one"), .text("two")])
    #expect(throws: DataChannelError.streamInUse) { try pair.open(pair.server, options) }
    try pair.send(.binary([1]), on: far, by: pair.server)
    pair.run(for: .seconds(1))
    #expect(pair.client.heard(on: near) == [.binary([1])])
  }

  @Test func `options that contradict each other are refused`() throws {
    let pair = ChannelPair()
    let long = String(repeating: "x", count: 65_536)
    for options in [
      DataChannelOptions(maximumRetransmissions: 1, maximumLifetime: .seconds(1)),
      DataChannelOptions(label: long), DataChannelOptions(protocolName: long),
      DataChannelOptions(negotiatedStream: 65_535),
    ] {
      #expect(throws: DataChannelError.invalidOptions) { try pair.open(pair.client, options) }
    }
    #expect(pair.client.channels.ids.isEmpty)
  }

  @Test func `a label of 65,535 bytes is a label`() throws {
    let pair = ChannelPair()
    let label = String(repeating: "é", count: 32_767) + "x"
    let (_, id) = try pair.connected(DataChannelOptions(label: label, protocolName: label))
    #expect(pair.server.channels.options(of: id)?.label == label)
  }

  @Test func `there are as many channels as the streams allow, and the rest is told so`() throws {
    var options = SCTPOptions()
    options.maximumStreams = 8
    let pair = ChannelPair(options: options)
    for _ in 0..<4 { try pair.open(pair.client) }
    let extra = try pair.open(pair.client)
    pair.start()
    #expect(pair.client.closed == [extra])
    #expect(throws: DataChannelError.tooManyChannels) { try pair.open(pair.client) }
    pair.run(for: .seconds(1))
    #expect(pair.server.incoming.count == 4)
    #expect(throws: DataChannelError.tooManyChannels) {
      try pair.open(pair.client, DataChannelOptions(negotiatedStream: 8))
    }
    try pair.open(pair.client, DataChannelOptions(negotiatedStream: 7))
  }

  @Test func `a channel of a stream the other side does not have is closed when that is known`()
    throws
  {
    var options = SCTPOptions()
    options.maximumStreams = 4
    let pair = ChannelPair(options: options)
    let beyond = try pair.open(pair.client, DataChannelOptions(negotiatedStream: 100))
    pair.start()
    pair.run(for: .seconds(1))
    #expect(pair.client.closed == [beyond] && pair.client.opened.isEmpty)
  }

  @Test func `the other side's channels are bounded in number and in bytes`() throws {
    var limits = DataChannelLimits()
    limits.channels = 10
    limits.totalLabelByteCount = 1000
    let pair = ChannelPair(serverLimits: limits)
    pair.start()
    pair.run(for: .seconds(1))
    let few = try (0..<3).map { _ in
      try pair.open(pair.client, DataChannelOptions(label: String(repeating: "x", count: 400)))
    }
    pair.run(for: .seconds(1))
    #expect(pair.server.incoming.count == 2 && pair.client.closed == [few[2]])
    pair.close(few[0], by: pair.client)
    pair.run(for: .seconds(1))
    for _ in 0..<20 { try pair.open(pair.client, DataChannelOptions(label: "y")) }
    pair.run(for: .seconds(2))
    #expect(pair.server.channels.ids.count == 10)
    #expect(pair.client.channels.ids.count == 10)
    #expect(pair.client.channels.associationState == .established)
  }

  @Test func `data goes out at once, before the other side has said that it knows`() throws {
    let pair = ChannelPair(conditions: LinkConditions(delay: .milliseconds(100)))
    pair.start()
    pair.run(for: .seconds(2))
    let start = pair.network.now
    let id = try pair.open(pair.client, DataChannelOptions(isOrdered: false))
    #expect(pair.client.channels.state(of: id) == .open)
    try pair.send(.text("first"), on: id, by: pair.client)
    _ = pair.network.run(until: start + .seconds(1)) {
      pair.server.incoming.first.map { !pair.server.heard(on: $0).isEmpty } ?? false
    }
    #expect(pair.network.now - start < .milliseconds(150))
  }
}
