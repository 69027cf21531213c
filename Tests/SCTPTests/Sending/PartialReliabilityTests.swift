import Testing
import Wire

@testable import SCTP

/// Messages that may get lost (RFC 3758, RFC 7496, RFC 8260 §2.3).
struct PartialReliabilityTests {
  static let once = SCTPDelivery(maximumRetransmissions: 0)

  @Test(arguments: [false, true], [false, true])
  func `messages sent once at most leave no hole behind`(
    isOrdered: Bool, isInterleaved: Bool
  ) throws {
    var run = SendingRun(isInterleaved: isInterleaved)
    run.loss = 0.1
    var delivery = Self.once
    delivery.isOrdered = isOrdered
    for index in 0..<200 {
      try run.send(900, stream: UInt16(index % 3), byte: UInt8(index), delivery: delivery)
    }
    let isDone = try run.run()
    #expect(isDone)
    let metrics = run.sender.metrics
    #expect(metrics.abandonedMessageCount > 5)
    #expect(metrics.forwardCount > 0)
    #expect(run.receiver.messages.count >= 200 - metrics.abandonedMessageCount)
    #expect(run.receiver.messages.count < 200)
    #expect(run.sender.queue.messages.count == 0)
    #expect(run.sender.bufferedByteCount == 0)
  }

  @Test func `FORWARD-TSN names the newest given up message of each ordered stream`() throws {
    var sender = SendingSide(options: .init(), initialTSN: 100)
    sender.start(peerWindow: 1 << 20, isInterleaved: false, usesPartialReliability: true)
    func add(_ stream: UInt16, _ delivery: SCTPDelivery) throws {
      try sender.add(
        SCTPMessage(
          stream: stream, identifier: .binary, payload: [UInt8](repeating: 1, count: 1100)),
        delivery: delivery, at: .zero)
      _ = try sender.allPackets(at: .zero)
    }
    for _ in 0..<2 { try add(4, Self.once) }
    try add(5, SCTPDelivery(isOrdered: false, maximumRetransmissions: 0))
    try add(6, .init())
    let now = Instant.zero + .seconds(2)
    sender.advance(to: now)
    let chunks = try sender.allPackets(at: now).flatMap { $0 }
    let forward = ForwardTSN(
      newCumulativeTSN: 102,
      skipped: [.init(stream: 4, isUnordered: false, messageNumber: 1)])
    #expect(chunks.first == .forward(forward))
    #expect(sender.metrics.abandonedMessageCount == 3)
  }

  @Test func `a message whose time is over before it began takes no TSN and no number`() throws {
    var sender = SendingSide(options: .init(), initialTSN: 100)
    try sender.add(
      SCTPMessage(stream: 1, identifier: .binary, payload: [1]),
      delivery: .init(lifetime: .milliseconds(100)), at: .zero)
    try sender.add(
      SCTPMessage(stream: 1, identifier: .binary, payload: [2]), delivery: .init(), at: .zero)
    sender.start(peerWindow: 1 << 20, isInterleaved: false, usesPartialReliability: true)
    let headers = try sender.sentHeaders(at: .zero + .milliseconds(200))
    #expect(headers.map(\.tsn) == [100])
    #expect(headers.map(\.messageNumber) == [0])
    #expect(sender.queue.byteCount == 0)
    #expect(sender.queue.messages.count == 1)
  }

  @Test func `the end of a message given up half way gets a TSN to pass over`() throws {
    var sender = SendingSide(options: .init(), initialTSN: 100)
    sender.start(peerWindow: 3000, isInterleaved: false, usesPartialReliability: true)
    try sender.add(
      SCTPMessage(stream: 1, identifier: .binary, payload: [UInt8](repeating: 1, count: 10_000)),
      delivery: .init(lifetime: .milliseconds(100)), at: .zero)
    let sent = try sender.sentHeaders(at: .zero)
    #expect(sent.map(\.tsn) == [100, 101])
    // All that was sent arrives, and then the time is over.
    let now = Instant.zero + .milliseconds(200)
    sender.receive(AcknowledgementTests.sack(101), at: now)
    let packet = try sender.nextPacket(at: now)
    // What is left is noticed when it is to be sent; then the other side is told.
    let all = try (packet ?? []) + (sender.nextPacket(at: now) ?? [])
    let forward = ForwardTSN(
      newCumulativeTSN: 102,
      skipped: [.init(stream: 1, isUnordered: false, messageNumber: 0)])
    #expect(all == [.forward(forward)])
    sender.receive(AcknowledgementTests.sack(102), at: now + .milliseconds(20))
    #expect(sender.isEmpty)
    #expect(sender.queue.messages.count == 0)
    #expect(sender.deadline == nil)
  }

  @Test func `a lost FORWARD-TSN is sent again`() throws {
    var run = SendingRun()
    try run.send(900, delivery: Self.once)
    // The message and the first three attempts to tell of it.
    run.drops = { number, _ in number <= 4 }
    let isDone = try run.run()
    #expect(isDone)
    #expect(run.sender.metrics.forwardCount >= 3)
    #expect(run.sender.errorCount == 0)
  }

  @Test func `without FORWARD-TSN what was begun is delivered`() throws {
    var run = SendingRun()
    run.sender.usesPartialReliability = false
    run.loss = 0.2
    for _ in 0..<50 { try run.send(900, delivery: Self.once) }
    let isDone = try run.run()
    #expect(isDone)
    #expect(run.receiver.messages.count == 50)
  }

  @Test(arguments: [false, true])
  func `FORWARD-TSN fits a packet however many streams it names`(isInterleaved: Bool) throws {
    var options = SCTPOptions()
    options.maximumStreams = 2000
    var run = SendingRun(options: options, isInterleaved: isInterleaved)
    for stream in 0..<1500 as Range<UInt16> {
      try run.send(10, stream: stream, delivery: Self.once)
    }
    var longest = 0
    run.drops = { _, chunks in
      for case .forward(let forward) in chunks { longest = max(longest, forward.skipped.count) }
      // All data is lost.
      return chunks.contains { if case .data = $0 { true } else { false } }
    }
    let isDone = try run.run()
    #expect(isDone)
    #expect(longest > 100 && longest <= (isInterleaved ? 142 : 285))
    #expect(run.sender.queue.messages.count == 0)
  }
}
