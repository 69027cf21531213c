import RTCTesting
import SCTP
import Testing
import Wire

/// Channels facing an association whose owner sends whatever it likes.
private final class RogueNode: VirtualNode {
  var association: SCTPAssociation
  var events: [SCTPAssociation.Event] = []

  init(_ association: SCTPAssociation) { self.association = association }

  var deadline: Instant? { association.deadline }

  func receive(_ datagram: inout [UInt8], on path: Path, at now: Instant, into outbox: Outbox) {
    association.receive(datagram.span, at: now, into: outbox, events: &events)
  }

  func advance(to now: Instant, into outbox: Outbox) {
    association.advance(to: now, into: outbox, events: &events)
  }

  var messages: [SCTPMessage] {
    events.compactMap { if case .message(let message) = $0 { message } else { nil } }
  }

  var resetStreams: [UInt16] {
    events.flatMap { event -> [UInt16] in
      if case .incomingStreamsReset(let streams) = event { streams } else { [] }
    }
  }
}

private struct Standoff {
  let network = VirtualNetwork(seed: 1)
  let rogue: RogueNode
  let node: ChannelNode

  /// The rogue is the server of the handshake, so its channels are on the odd streams.
  init(limits: DataChannelLimits = DataChannelLimits()) {
    let (near, far) = (ChannelPair.clientAddress, ChannelPair.serverAddress)
    node = ChannelNode(
      DataChannelSet(limits: limits, path: Path(local: near, remote: far), random: .seeded(1)))
    rogue = RogueNode(
      SCTPAssociation(path: Path(local: far, remote: near), random: .seeded(2)))
    let conditions = LinkConditions(delay: .milliseconds(10))
    network.attach(node, to: network.addHost(near.ip, conditions: conditions), at: near)
    network.attach(rogue, to: network.addHost(far.ip), at: far)
    network.act(as: rogue) { outbox, now in
      rogue.association.connect(at: now, into: outbox, events: &rogue.events)
    }
    network.act(as: node) { outbox, now in
      node.call { $0.start(isDTLSClient: true, at: now, into: outbox, events: &$1) }
    }
    network.run(for: .seconds(1))
  }

  func say(
    _ identifier: PayloadProtocolIdentifier, _ bytes: [UInt8], on stream: UInt16,
    isOrdered: Bool = true
  ) {
    network.act(as: rogue) { outbox, now in
      let message = SCTPMessage(stream: stream, identifier: identifier, payload: bytes)
      try? rogue.association.send(
        message, delivery: SCTPDelivery(isOrdered: isOrdered), at: now, into: outbox,
        events: &rogue.events)
    }
  }

  func announce(_ options: DataChannelOptions = DataChannelOptions(), on stream: UInt16) {
    say(.establishment, DataChannelOpen(options).bytes ?? [], on: stream)
  }

  func reset(_ streams: UInt16...) {
    network.act(as: rogue) { outbox, now in
      rogue.association.resetStreams(streams, at: now, into: outbox, events: &rogue.events)
    }
  }

  func open(_ options: DataChannelOptions = DataChannelOptions()) throws -> DataChannelID {
    var id: DataChannelID?
    network.act(as: node) { outbox, now in
      node.call { id = try? $0.open(options, at: now, into: outbox, events: &$1) }
    }
    return try #require(id)
  }

  func run() { network.run(for: .seconds(1)) }

  /// The peer is still there and a channel of either side's can be opened and used.
  func expectAllIsWell(on stream: UInt16 = 701) throws {
    #expect(node.channels.associationState == .established)
    let before = node.incoming.count
    announce(on: stream)
    say(.string, [65], on: stream)
    run()
    let id = try #require(node.incoming.dropFirst(before).first)
    #expect(node.heard(on: id) == [.text("A")])
  }
}

struct HostileChannelTests {
  @Test func `a well-formed announcement is acknowledged`() throws {
    let standoff = Standoff()
    standoff.announce(DataChannelOptions(label: "x"), on: 1)
    standoff.run()
    #expect(standoff.node.incoming.count == 1)
    #expect(
      standoff.rogue.messages == [
        SCTPMessage(stream: 1, identifier: .establishment, payload: [2])
      ])
  }

  @Test func `row 14: a stream of the wrong parity is reset, and nothing else`() throws {
    let standoff = Standoff()
    standoff.announce(on: 8)
    standoff.say(.string, [65], on: 8)
    standoff.run()
    #expect(standoff.node.incoming.isEmpty && standoff.rogue.resetStreams == [8])
    #expect(standoff.rogue.messages.isEmpty)
    try standoff.expectAllIsWell()
    // The other side clears up; the stream is ours again.
    standoff.reset(8)
    standoff.run()
    let ids = try (0..<5).map { _ in try standoff.open() }
    #expect(ids.map { standoff.node.channels.stream(of: $0) } == [0, 2, 4, 6, 8])
  }

  @Test func `row 14: a channel announced twice is closed`() throws {
    let standoff = Standoff()
    standoff.announce(on: 3)
    standoff.run()
    let id = try #require(standoff.node.incoming.first)
    standoff.announce(on: 3)
    standoff.run()
    #expect(standoff.node.count(.closing(id)) == 1 && standoff.rogue.resetStreams == [3])
    standoff.reset(3)
    standoff.run()
    #expect(standoff.node.closed == [id])
    try standoff.expectAllIsWell(on: 3)
  }

  @Test func `an announcement on a stream of a channel of ours closes that channel`() throws {
    let standoff = Standoff()
    let id = try standoff.open()
    let other = try standoff.open()
    standoff.announce(on: 0)
    standoff.run()
    #expect(standoff.node.channels.state(of: id) == .closing)
    #expect(standoff.node.channels.state(of: other) == .open)
    try standoff.expectAllIsWell()
  }

  @Test func `row 14: data before its announcement waits for it`() throws {
    let standoff = Standoff()
    standoff.say(.string, [65], on: 5, isOrdered: false)
    standoff.say(.binary, [66], on: 5, isOrdered: false)
    standoff.run()
    #expect(standoff.node.incoming.isEmpty)
    standoff.announce(on: 5)
    standoff.say(.string, [67], on: 5)
    standoff.run()
    let id = try #require(standoff.node.incoming.first)
    #expect(standoff.node.heard(on: id) == [.text("A"), .binary([66]), .text("C")])
  }

  @Test func `data for channels that never come is bounded, and its stream reset`() throws {
    let standoff = Standoff()
    for stream in 1..<20 as Range<UInt16> {
      for _ in 0..<40 { standoff.say(.binary, [UInt8](repeating: 1, count: 20_000), on: stream) }
    }
    standoff.network.run(for: .seconds(30))
    #expect(standoff.node.incoming.isEmpty)
    #expect(Set(standoff.rogue.resetStreams).count >= 17)
    try standoff.expectAllIsWell()
  }

  @Test func `malformed and unknown announcements cost their stream`() throws {
    let standoff = Standoff()
    let good = try #require(DataChannelOpen(DataChannelOptions(label: "abc")).bytes)
    var badType = good
    badType[1] = 0x55
    standoff.say(.establishment, Array(good.dropLast()), on: 1)
    standoff.say(.establishment, badType, on: 3)
    standoff.say(.establishment, [3], on: 5)
    standoff.run()
    #expect(standoff.node.incoming.isEmpty)
    #expect(Set(standoff.rogue.resetStreams) == [1, 3, 5])
    // Neither an unasked acknowledgement nor a message of nobody's does anything.
    standoff.say(.establishment, [2], on: 7)
    standoff.say(.establishment, [0], on: 9)
    standoff.say(PayloadProtocolIdentifier(rawValue: 4711), [1], on: 11)
    standoff.run()
    #expect(Set(standoff.rogue.resetStreams) == [1, 3, 5])
    try standoff.expectAllIsWell()
  }

  @Test func `messages of unknown kinds are passed over on an open channel`() throws {
    let standoff = Standoff()
    standoff.announce(on: 1)
    for identifier in [0, 49, 52, 54, 55, 58, 4711] as [UInt32] {
      standoff.say(PayloadProtocolIdentifier(rawValue: identifier), [1], on: 1)
    }
    standoff.say(.string, [65], on: 1)
    standoff.run()
    let id = try #require(standoff.node.incoming.first)
    #expect(standoff.node.heard(on: id) == [.text("A")])
    #expect(standoff.node.channels.state(of: id) == .open)
  }

  @Test func `row 13: a thousand streams that nobody asked for are bounded`() throws {
    var limits = DataChannelLimits()
    limits.channels = 100
    let standoff = Standoff(limits: limits)
    for index in 0..<512 as Range<UInt16> { standoff.announce(on: index * 2 + 1) }
    standoff.network.run(for: .seconds(10))
    #expect(standoff.node.incoming.count == 100)
    #expect(standoff.node.channels.ids.count == 100)
    #expect(standoff.node.channels.associationState == .established)
  }

  @Test func `a stream used again at once is held until we know that the last is over`() throws {
    let standoff = Standoff()
    standoff.announce(DataChannelOptions(label: "old"), on: 1)
    standoff.run()
    let old = try #require(standoff.node.incoming.first)
    // The answer to our own reset is lost, while the other side's next channel arrives.
    standoff.reset(1)
    let isReset = standoff.network.run(until: standoff.network.now + .seconds(5)) {
      standoff.network.drops = { path, _ in
        path.local == ChannelPair.serverAddress && standoff.rogue.resetStreams == [1]
      }
      return standoff.rogue.resetStreams == [1]
        && standoff.rogue.events.contains(.outgoingStreamsReset([1]))
    }
    standoff.network.drops = nil
    #expect(isReset && standoff.node.channels.state(of: old) == .closing)
    standoff.announce(DataChannelOptions(label: "new"), on: 1)
    standoff.say(.string, [66], on: 1)
    standoff.reset(1)
    standoff.network.run(for: .milliseconds(50))
    #expect(standoff.node.incoming == [old])
    standoff.network.run(for: .seconds(10))
    #expect(standoff.node.closed.first == old)
    let new = try #require(standoff.node.incoming.dropFirst().first)
    #expect(standoff.node.labels[new] == "new")
    #expect(standoff.node.closed == [old, new])
    #expect(standoff.node.heard(on: new) == [.text("B")] && standoff.node.heard(on: old).isEmpty)
  }

  @Test func `an association that begins anew has lost its channels, and carries new ones`() throws
  {
    let standoff = Standoff()
    let own = try standoff.open()
    standoff.announce(on: 1)
    standoff.run()
    let theirs = try #require(standoff.node.incoming.first)
    let path = Path(local: ChannelPair.serverAddress, remote: ChannelPair.clientAddress)
    standoff.network.act(as: standoff.rogue) { outbox, now in
      standoff.rogue.association = SCTPAssociation(path: path, random: .seeded(9))
      standoff.rogue.association.connect(at: now, into: outbox, events: &standoff.rogue.events)
    }
    standoff.network.run(for: .seconds(5))
    #expect(Set(standoff.node.closed) == [own, theirs])
    try standoff.expectAllIsWell(on: 1)
    #expect(standoff.node.channels.stream(of: try standoff.open()) == 0)
  }

  @Test func `resets of streams without channels do nothing`() throws {
    let standoff = Standoff()
    let id = try standoff.open()
    standoff.reset(1, 2, 500)
    standoff.run()
    #expect(standoff.node.closed.isEmpty && standoff.node.channels.state(of: id) == .open)
    try standoff.expectAllIsWell()
  }
}
