import RTCTesting
import SCTP
import Testing
import Wire

struct ChannelClosingTests {
  @Test(arguments: [true, false]) func `either side closes, and both are told`(byOpener: Bool)
    throws
  {
    let pair = ChannelPair()
    let (near, far) = try pair.connected()
    let (closer, closed) = byOpener ? (pair.client, pair.server) : (pair.server, pair.client)
    let (own, other) = byOpener ? (near, far) : (far, near)
    pair.close(own, by: closer)
    #expect(closer.channels.state(of: own) == .closing)
    pair.run(for: .seconds(2))
    #expect(closer.closed == [own] && closer.count(.closing(own)) == 0)
    #expect(closed.closed == [other] && closed.count(.closing(other)) == 1)
    #expect(pair.nodes.allSatisfy { $0.channels.ids.isEmpty })
    #expect(pair.nodes.allSatisfy { $0.channels.openedCount == 1 && $0.channels.closedCount == 1 })
    #expect(pair.nodes.allSatisfy { $0.channels.associationState == .established })
  }

  @Test func `both close at once`() throws {
    let pair = ChannelPair()
    let (near, far) = try pair.connected()
    pair.close(near, by: pair.client)
    pair.close(far, by: pair.server)
    pair.run(for: .seconds(2))
    #expect(pair.client.closed == [near] && pair.server.closed == [far])
  }

  @Test(arguments: [0.0, 0.2]) func `what was queued before it arrives before the end`(
    loss: Double
  ) throws {
    for seed in 1...5 as ClosedRange<UInt64> {
      let pair = ChannelPair(
        seed: seed,
        conditions: LinkConditions(delay: .milliseconds(10), loss: .bernoulli(loss)))
      pair.start()
      let near = try pair.open(pair.client)
      pair.run(for: .seconds(20))
      let far = try #require(pair.server.incoming.first)
      for index in 0..<100 { try pair.send(.text("\(index)"), on: near, by: pair.client) }
      pair.close(near, by: pair.client)
      pair.run(for: .seconds(60))
      #expect(pair.server.heard(on: far).map(\.string) == (0..<100).map { "\($0)" })
      #expect(pair.server.events.last == .closed(far))
      #expect(pair.client.closed == [near])
    }
  }

  @Test func `nothing arrives on a channel that we closed`() throws {
    let pair = ChannelPair(conditions: LinkConditions(delay: .milliseconds(50)))
    let (near, far) = try pair.connected()
    pair.close(near, by: pair.client)
    try pair.send(.text("too late"), on: far, by: pair.server)
    pair.run(for: .seconds(2))
    #expect(pair.client.heard(on: near).isEmpty && pair.client.closed == [near])
  }

  @Test func `a channel that is not open yet is simply forgotten`() throws {
    let pair = ChannelPair()
    let id = try pair.open(pair.client)
    pair.close(id, by: pair.client)
    #expect(pair.client.closed == [id] && pair.client.channels.closedCount == 0)
    pair.start()
    pair.run(for: .seconds(1))
    #expect(pair.server.incoming.isEmpty)
    pair.close(id, by: pair.client)
    #expect(pair.client.closed == [id])
  }

  @Test func `a stream is used again, by a channel that knows nothing of the last`() throws {
    let pair = ChannelPair()
    pair.start()
    var names: Set<DataChannelID> = []
    for round in 0..<50 {
      let id = try pair.open(pair.client, DataChannelOptions(label: "\(round)"))
      names.insert(id)
      #expect(pair.client.channels.stream(of: id) == 0)
      pair.run(for: .milliseconds(500))
      try pair.send(.text("hello \(round)"), on: id, by: pair.client)
      pair.run(for: .milliseconds(100))
      let far = try #require(pair.server.incoming.last)
      #expect(pair.server.channels.options(of: far)?.label == "\(round)")
      #expect(pair.server.heard(on: far).last == .text("hello \(round)"))
      if round % 2 == 0 {
        pair.close(id, by: pair.client)
      } else {
        pair.close(far, by: pair.server)
      }
      pair.run(for: .milliseconds(500))
    }
    #expect(names.count == 50 && pair.client.closed.count == 50 && pair.server.closed.count == 50)
  }

  @Test func `a stream is not used again while one of its halves is open`() throws {
    let pair = ChannelPair(conditions: LinkConditions(delay: .milliseconds(100)))
    let (near, _) = try pair.connected()
    pair.close(near, by: pair.client)
    // Half a round trip: the other side has not answered yet.
    pair.run(for: .milliseconds(110))
    let second = try pair.open(pair.client)
    #expect(pair.client.channels.stream(of: second) == 2)
    pair.run(for: .seconds(2))
    let third = try pair.open(pair.client)
    #expect(pair.client.channels.stream(of: third) == 0)
    pair.run(for: .seconds(2))
    #expect(pair.server.incoming.count == 3 && pair.server.closed.count == 1)
  }

  @Test(arguments: 1...(_isDebugAssertConfiguration() ? 5 : 30) as ClosedRange<UInt64>)
  func `row 14: opening and closing in haste over a bad link mixes nothing up`(seed: UInt64) throws
  {
    let pair = ChannelPair(
      seed: seed,
      conditions: LinkConditions(
        delay: .milliseconds(20), jitter: .milliseconds(20), loss: .bernoulli(0.15),
        reordering: 0.2, duplication: 0.1))
    pair.start()
    pair.run(for: .seconds(10))
    var random = RandomSource.seeded(seed)
    for number in 0..<60 {
      for node in pair.nodes {
        let id = try pair.open(
          node, DataChannelOptions(label: "\(number)", isOrdered: random.next() % 2 == 0))
        try? pair.send(.text("\(number)"), on: id, by: node)
        for open in node.channels.ids where random.next() % 3 == 0 { pair.close(open, by: node) }
      }
      pair.run(for: .milliseconds(Int64(random.next() % 60)))
    }
    for node in pair.nodes {
      for id in node.channels.ids { pair.close(id, by: node) }
    }
    pair.run(for: .seconds(120))
    for node in pair.nodes {
      #expect(node.channels.ids.isEmpty)
      let neverClosed = Set(node.opened).subtracting(node.closed)
      #expect(neverClosed.isEmpty)
      #expect(Set(node.closed).count == node.closed.count)
      // What arrived on a channel is what was said on it and nothing of another that had its stream.
      for event in node.events {
        guard case .message(let id, let message) = event else { continue }
        #expect(node.labels[id] == message.string)
      }
      #expect(node.count(.connected) == 1 && node.channels.associationState == .established)
    }
    #expect(pair.network.stuckTimerCount == 0)
  }

  @Test func `an association that ends takes its channels with it`() throws {
    let pair = ChannelPair()
    let (near, far) = try pair.connected()
    pair.act(pair.client) { channels, _, outbox, events in
      channels.abort(into: outbox, events: &events)
    }
    pair.run(for: .seconds(1))
    #expect(pair.client.closed == [near] && pair.server.closed == [far])
    #expect(pair.server.events.contains { if case .failed = $0 { true } else { false } })
    #expect(pair.nodes.allSatisfy { $0.channels.deadline == nil })
  }

  @Test func `ten thousand channels, one after the other, leave nothing`() throws {
    let pair = ChannelPair(conditions: .perfect)
    pair.start()
    pair.run(for: .seconds(1))
    let count = _isDebugAssertConfiguration() ? 300 : 10_000
    for _ in 0..<count {
      let id = try pair.open(pair.client)
      pair.run(for: .milliseconds(2))
      pair.close(id, by: pair.client)
      _ = pair.network.run(until: pair.network.now + .seconds(5)) {
        pair.client.channels.ids.isEmpty
      }
    }
    pair.run(for: .seconds(1))
    #expect(pair.client.closed.count == count && pair.server.closed.count == count)
    #expect(pair.nodes.allSatisfy { $0.channels.ids.isEmpty })
  }
}
