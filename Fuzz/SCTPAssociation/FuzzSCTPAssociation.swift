import SCTP
import Wire

/// A script of calls, times, lost, doubled, reordered and damaged packets for two associations.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzSCTPAssociation(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  guard let start = unsafe start, count > 2 else { return 0 }
  let input = unsafe Array(UnsafeBufferPointer(start: start, count: count))
  var script = Script(shape: input[0])
  var index = 1
  while index + 1 < input.count {
    script.perform(input[index], input[index + 1])
    index += 2
  }
  script.finish()
  return 0
}

/// One end: its association, what it sent, and what it was handed.
struct End {
  let association: SCTPAssociation
  /// Packets on their way to it.
  var incoming: [[UInt8]] = []
  var events: [SCTPAssociation.Event] = []
  /// Reliable ordered messages of each stream, in the order they were sent.
  var sent: [UInt16: [UInt32]] = [:]
  /// How many of the other end's have come, of each stream.
  var received: [UInt16: Int] = [:]
  /// All messages that came, by number: none comes twice.
  var seen: Set<UInt32> = []
}

struct Script {
  static let path = Path(
    local: TransportAddress(ip: IPAddress(192, 0, 2, 1), port: 1),
    remote: TransportAddress(ip: IPAddress(192, 0, 2, 2), port: 2))

  let options: SCTPOptions
  var ends: [End]
  var now = Instant.zero
  let outbox = Outbox()
  var nextMessage: UInt32 = 1
  /// A packet was damaged in a way that checksums do not find: contents say nothing any more.
  var isForged = false
  /// Something ended or was reset: not everything has to arrive.
  var mayLose = false

  init(shape: UInt8) {
    var options = SCTPOptions()
    options.offersInterleaving = shape & 1 == 0
    options.acceptsZeroChecksum = shape & 2 == 0
    options.sendsZeroChecksum = shape & 2 == 0
    options.congestionControl = shape & 4 == 0 ? .cubic : .standard
    options.receiveWindow = shape & 8 == 0 ? 60_000 : 1 << 20
    options.maximumReceivedMessageSize = 30_000
    options.maximumSentMessageSize = 30_000
    options.sendBufferLimit = 300_000
    options.maximumStreams = 8
    self.options = options
    ends = (0..<2).map {
      End(
        association: SCTPAssociation(
          options: options, path: Self.path, random: .seeded(UInt64(shape) * 2 + $0)))
    }
  }

  /// One step: the high half of `operation` says for which end.
  mutating func perform(_ operation: UInt8, _ argument: UInt8) {
    let end = Int(operation >> 7)
    switch operation & 0x0f {
    case 0: act(end) { $0.connect(at: $1, into: $2, events: &$3) }
    case 1, 2, 3: for _ in 0...argument & 15 { deliver(end, at: 0) }
    case 4: deliver(end, at: Int(argument))
    case 5:
      if !ends[end].incoming.isEmpty {
        ends[end].incoming.remove(at: Int(argument) % ends[end].incoming.count)
      }
    case 6:
      if !ends[end].incoming.isEmpty, ends[end].incoming.count < 500 {
        let place = Int(argument) % ends[end].incoming.count
        ends[end].incoming.append(ends[end].incoming[place])
      }
    case 7: damage(end, argument, operation)
    case 8, 9, 10: send(end, argument, operation)
    case 11:
      mayLose = true
      act(end) { $0.resetStreams([UInt16(argument & 7)], at: $1, into: $2, events: &$3) }
    case 12: advance(by: .milliseconds(Int64(argument)))
    case 13: advance(by: .milliseconds(Int64(argument) * 20))
    case 14 where argument > 250:
      mayLose = true
      act(end) { $0.shutdown(at: $1, into: $2, events: &$3) }
    case 15 where argument > 253:
      mayLose = true
      act(end) { association, _, outbox, events in
        association.abort(into: outbox, events: &events)
      }
    default:
      ends[end].association.setBufferedAmountLowThreshold(
        Int(argument) * 10, of: UInt16(argument & 7))
      ends[end].association.setPriority(UInt16(argument), of: UInt16(argument & 7))
    }
  }

  private mutating func act(
    _ end: Int,
    _ body: (SCTPAssociation, Instant, Outbox, inout [SCTPAssociation.Event]) -> Void
  ) {
    var events: [SCTPAssociation.Event] = []
    body(ends[end].association, now, outbox, &events)
    for datagram in outbox.datagrams {
      precondition(datagram.count <= options.maximumPacketSize)
      precondition(datagram.count.isMultiple(of: 4) && datagram.count >= 16)
      if ends[1 - end].incoming.count < 500 {
        ends[1 - end].incoming.append(outbox.bytes(of: datagram))
      }
    }
    outbox.removeAll()
    for event in events { note(event, end) }
    let metrics = ends[end].association.metrics
    precondition(metrics.bytesInFlight >= 0 && metrics.heldReceiveBytes >= 0)
    precondition(metrics.heldReceiveBytes <= Int(options.receiveWindow) + 33_000 + 1024 * 64)
  }

  private mutating func note(_ event: SCTPAssociation.Event, _ end: Int) {
    switch event {
    case .message(let message): check(message, end)
    case .failed: mayLose = true
    case .restarted: preconditionFailure()
    default: break
    }
  }

  /// The first four bytes of a message are its number, and the fifth says how it was sent.
  private mutating func check(_ message: SCTPMessage, _ end: Int) {
    precondition(!message.payload.isEmpty && message.payload.count <= 30_000)
    guard !isForged else { return }
    precondition(message.payload.count >= 5)
    let number = message.payload[..<4].reduce(0 as UInt32) { $0 << 8 | UInt32($1) }
    precondition(ends[end].seen.insert(number).inserted)
    let fill = UInt8(truncatingIfNeeded: number)
    precondition(message.payload[5...].allSatisfy { $0 == fill })
    guard message.payload[4] == 0 else { return }
    let place = ends[end].received[message.stream, default: 0]
    precondition(ends[1 - end].sent[message.stream]?[place] == number)
    ends[end].received[message.stream] = place + 1
  }

  private mutating func deliver(_ end: Int, at place: Int) {
    guard !ends[end].incoming.isEmpty else { return }
    let packet = ends[end].incoming.remove(at: place % ends[end].incoming.count)
    act(end) { $0.receive(packet.span, at: $1, into: $2, events: &$3) }
  }

  private mutating func damage(_ end: Int, _ argument: UInt8, _ operation: UInt8) {
    guard var packet = ends[end].incoming.first else { return }
    let place = 12 + Int(argument) % (packet.count - 12)
    packet[place] ^= 1 << (operation >> 4 & 7)
    // With a right checksum, or none, it is the other side that lies.
    if operation & 0x40 != 0 {
      let checksum = CRC32C.checksum(ofPacket: packet.span)
      for index in 0..<4 { packet[8 + index] = UInt8(truncatingIfNeeded: checksum >> (8 * index)) }
    }
    isForged = isForged || operation & 0x40 != 0 || options.acceptsZeroChecksum
    mayLose = mayLose || isForged
    ends[end].incoming[0] = packet
  }

  private mutating func send(_ end: Int, _ argument: UInt8, _ operation: UInt8) {
    let number = nextMessage
    nextMessage += 1
    let sizes = [5, 100, 1100, 1140, 3000, 10_000, 29_999]
    let isReliable = operation & 0x10 == 0
    let isOrdered = operation & 0x20 == 0
    var payload = [UInt8](
      repeating: UInt8(truncatingIfNeeded: number), count: sizes[Int(argument >> 3) % sizes.count])
    for index in 0..<4 {
      payload[index] = UInt8(truncatingIfNeeded: number >> UInt32(24 - 8 * index))
    }
    payload[4] = isReliable && isOrdered ? 0 : 1
    let message = SCTPMessage(
      stream: UInt16(argument & 7), identifier: .binary, payload: payload)
    var wasTaken = false
    act(end) { association, now, outbox, events in
      do {
        try association.send(
          message,
          delivery: SCTPDelivery(
            isOrdered: isOrdered,
            maximumRetransmissions: isReliable ? nil : UInt16(argument & 3)), at: now,
          into: outbox, events: &events)
        wasTaken = true
      } catch {}
    }
    if wasTaken, isReliable, isOrdered {
      ends[end].sent[message.stream, default: []].append(number)
    }
  }

  private mutating func advance(by duration: Duration) {
    let end = now + duration
    var turns = 0
    while let due = ends.compactMap(\.association.deadline).min(), due <= end {
      now = max(now, due)
      for index in ends.indices { act(index) { $0.advance(to: $1, into: $2, events: &$3) } }
      turns += 1
      precondition(turns < 20_000)
    }
    now = end
  }

  /// Heals the line: everything arrives now, if nothing ended.
  mutating func finish() {
    let hasBegun = ends.contains { $0.association.state != .closed }
    for _ in 0..<600 {
      var isQuiet = true
      while ends.contains(where: { !$0.incoming.isEmpty }) {
        isQuiet = false
        for end in ends.indices { deliver(end, at: 0) }
      }
      if isQuiet, isComplete { break }
      advance(by: .milliseconds(200))
    }
    if hasBegun, !mayLose { precondition(isComplete) }
  }

  private var isComplete: Bool {
    (0..<2).allSatisfy { end in
      ends[end].sent.allSatisfy { stream, numbers in
        ends[1 - end].received[stream, default: 0] == numbers.count
      }
    }
  }
}
