import Testing
import Wire

@testable import SCTP

/// Whose turn it is, and what the owner is told (RFC 8260 §3, RFC 8831 §6.4, RFC 6525 §5.1.2).
struct SendQueueTests {
  static func sender(isInterleaved: Bool) -> SendingSide {
    var options = SCTPOptions()
    options.sendBufferLimit = 1 << 20
    var sender = SendingSide(options: options, initialTSN: 1)
    sender.start(
      peerWindow: 1 << 30, isInterleaved: isInterleaved, usesPartialReliability: true)
    return sender
  }

  static func add(
    _ count: Int, _ stream: UInt16, to sender: inout SendingSide, isOrdered: Bool = true
  ) throws {
    try sender.add(
      SCTPMessage(
        stream: stream, identifier: .binary, payload: [UInt8](repeating: 1, count: count)),
      delivery: .init(isOrdered: isOrdered), at: .zero)
  }

  /// Sends and acknowledges until nothing is left; returns the headers in order.
  static func drain(_ sender: inout SendingSide) throws -> [DataHeader] {
    var headers: [DataHeader] = []
    var now = Instant.zero
    while !sender.isEmpty, now < .zero + .seconds(60) {
      headers += try sender.sentHeaders(at: now)
      now = now + .milliseconds(10)
      sender.receive(AcknowledgementTests.sack(sender.lastAssignedTSN, window: 1 << 30), at: now)
      sender.advance(to: now)
    }
    return headers
  }

  @Test func `interleaved streams share by priority`() throws {
    var sender = Self.sender(isInterleaved: true)
    for stream in 1...3 as ClosedRange<UInt16> { try Self.add(200_000, stream, to: &sender) }
    sender.queue.setPriority(1024, of: 1)
    sender.queue.setPriority(512, of: 2)
    sender.queue.setPriority(256, of: 3)
    // The first turns were given before the priorities were.
    let headers = try Self.drain(&sender).prefix(200)
    let counts = (1...3).map { stream in headers.count { $0.stream == stream } }
    #expect(counts.reduce(0, +) == 200)
    #expect(abs(counts[0] - 114) <= 3 && abs(counts[1] - 57) <= 3 && abs(counts[2] - 29) <= 3)
  }

  @Test func `without interleaving streams take turns at messages, and fragments stay together`()
    throws
  {
    var sender = Self.sender(isInterleaved: false)
    for _ in 0..<5 {
      for stream in 1...2 as ClosedRange<UInt16> { try Self.add(5000, stream, to: &sender) }
    }
    let headers = try Self.drain(&sender)
    let begun = headers.filter { $0.flags.contains(.beginning) }.map(\.stream)
    #expect(begun == [1, 2, 1, 2, 1, 2, 1, 2, 1, 2])
    var open: UInt16?
    for header in headers {
      #expect(header.flags.contains(.beginning) == (open == nil))
      #expect(open == nil || open == header.stream)
      open = header.flags.contains(.end) ? nil : header.stream
    }
  }

  @Test func `a stream with long messages gets no more than one with short ones`() throws {
    var sender = Self.sender(isInterleaved: false)
    for _ in 0..<5 { try Self.add(50_000, 1, to: &sender) }
    for _ in 0..<100 { try Self.add(1000, 2, to: &sender) }
    let headers = try Self.drain(&sender)
    // When half of the short ones are out, about as many bytes of the long ones are.
    let half = try #require(headers.lastIndex { $0.stream == 2 && $0.messageNumber == 49 })
    let long = headers[...half].count { $0.stream == 1 } * 1132
    #expect(long <= 110_000)
  }

  @Test(arguments: [false, true])
  func `stream sequence numbers and message identifiers wrap`(isInterleaved: Bool) throws {
    var sender = Self.sender(isInterleaved: isInterleaved)
    let place = sender.queue.place(of: 7)
    sender.queue.streams[place].orderedNumber = isInterleaved ? 0xffff_fffe : 0xfffe
    for _ in 0..<4 { try Self.add(10, 7, to: &sender) }
    let numbers = try Self.drain(&sender).map(\.messageNumber)
    let expected: [UInt32] =
      isInterleaved ? [0xffff_fffe, 0xffff_ffff, 0, 1] : [0xfffe, 0xffff, 0, 1]
    #expect(numbers == expected)
  }

  @Test func `ordered and unordered messages are counted apart`() throws {
    var sender = Self.sender(isInterleaved: true)
    for isOrdered in [true, false, true, false, false] {
      try Self.add(10, 1, to: &sender, isOrdered: isOrdered)
    }
    let headers = try Self.drain(&sender)
    #expect(headers.map(\.messageNumber) == [0, 0, 1, 1, 2])
  }

  @Test func `fragments are numbered, and only the first carries the identifier`() throws {
    var sender = Self.sender(isInterleaved: true)
    try Self.add(5000, 1, to: &sender)
    let headers = try Self.drain(&sender)
    #expect(headers.map(\.fragmentNumber) == [0, 1, 2, 3, 4])
    #expect(headers.map(\.identifier) == [.binary] + Array(repeating: .init(rawValue: 0), count: 4))
    #expect(headers.map { $0.flags.contains(.end) } == [false, false, false, false, true])
  }

  @Test func `falling to the threshold is told once`() throws {
    var sender = Self.sender(isInterleaved: false)
    sender.queue.setLowThreshold(10_000, of: 1)
    for _ in 0..<40 { try Self.add(1000, 1, to: &sender) }
    #expect(sender.queue.byteCount(of: 1) == 40_000)
    #expect(sender.queue.takeLowStreams().isEmpty)
    _ = try Self.drain(&sender)
    #expect(sender.queue.takeLowStreams() == [1])
    #expect(sender.queue.byteCount(of: 1) == 0)
    try Self.add(1000, 1, to: &sender)
    _ = try Self.drain(&sender)
    #expect(sender.queue.takeLowStreams().isEmpty)
  }

  @Test func `who was refused hears of room`() throws {
    var sender = Self.sender(isInterleaved: false)
    sender.queue.setLowThreshold(1 << 30, of: 1)
    for _ in 0..<16 { try Self.add(65_536, 1, to: &sender) }
    #expect(throws: SCTPSendError.bufferFull) { try Self.add(1, 1, to: &sender) }
    #expect(throws: SCTPSendError.bufferFull) { try Self.add(1, 2, to: &sender) }
    _ = try Self.drain(&sender)
    #expect(sender.queue.takeLowStreams() == [1, 2])
  }

  @Test func `empty and overlong messages are refused`() throws {
    var sender = Self.sender(isInterleaved: false)
    #expect(throws: SCTPSendError.empty) { try Self.add(0, 1, to: &sender) }
    #expect(throws: SCTPSendError.tooLong) { try Self.add((256 << 10) + 1, 1, to: &sender) }
  }

  @Test(arguments: [false, true])
  func `a reset waits for what is queued, and then the numbers begin again`(
    isInterleaved: Bool
  ) throws {
    var sender = Self.sender(isInterleaved: isInterleaved)
    for _ in 0..<3 { try Self.add(3000, 1, to: &sender) }
    sender.queue.prepareReset(of: 1)
    try Self.add(10, 1, to: &sender)
    try Self.add(3000, 2, to: &sender)
    #expect(sender.queue.streamsReadyForReset.isEmpty)
    var now = Instant.zero
    while sender.queue.byteCount > 10, now < .zero + .seconds(5) {
      _ = try sender.allPackets(at: now)
      now = now + .milliseconds(10)
      sender.receive(AcknowledgementTests.sack(sender.lastAssignedTSN), at: now)
    }
    #expect(sender.queue.streamsReadyForReset == [1])
    #expect(sender.queue.byteCount(of: 1) == 10)
    sender.queue.finishReset(of: [1], wasPerformed: true)
    let headers = try sender.sentHeaders(at: now)
    #expect(headers.map(\.messageNumber) == [0])
    #expect(sender.queue.streamsReadyForReset.isEmpty)
  }

  @Test func `a refused reset lets the stream go on counting`() throws {
    var sender = Self.sender(isInterleaved: false)
    try Self.add(10, 1, to: &sender)
    _ = try sender.allPackets(at: .zero)
    sender.queue.prepareReset(of: 1)
    #expect(sender.queue.streamsReadyForReset == [1])
    sender.queue.finishReset(of: [1], wasPerformed: false)
    try Self.add(10, 1, to: &sender)
    let headers = try sender.sentHeaders(at: .zero + .milliseconds(1))
    #expect(headers.map(\.messageNumber) == [1])
  }
}
