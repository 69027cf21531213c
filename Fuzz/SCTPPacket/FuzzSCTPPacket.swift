import SCTP
import Wire

/// Any chunks, in packets with the right ports, tag and checksum, to an association in any state.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzSCTPPacket(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  guard let start = unsafe start, count > 2 else { return 0 }
  let input = unsafe Array(UnsafeBufferPointer(start: start, count: count))
  var target = Target(shape: input[0])
  target.bring(to: input[1])
  // A zero byte followed by a length begins the next packet.
  var index = 2
  while index < input.count {
    let length = min(Int(input[index]) * 5, input.count - index - 1)
    target.receive(input[index + 1..<index + 1 + length])
    index += 1 + length
  }
  target.check()
  return 0
}

struct Target {
  static let path = Path(
    local: TransportAddress(ip: IPAddress(192, 0, 2, 1), port: 1),
    remote: TransportAddress(ip: IPAddress(192, 0, 2, 2), port: 2))

  let options: SCTPOptions
  let near: SCTPAssociation
  let far: SCTPAssociation
  let outbox = Outbox()
  var events: [SCTPAssociation.Event] = []
  var now = Instant.zero
  /// The tag the near association expects.
  var tag: UInt32 = 0

  init(shape: UInt8) {
    var options = SCTPOptions()
    options.offersInterleaving = shape & 1 == 0
    options.acceptsZeroChecksum = shape & 2 == 0
    options.receiveWindow = 20_000
    options.maximumReceivedMessageSize = 5000
    options.maximumStreams = 64
    self.options = options
    near = SCTPAssociation(options: options, path: Self.path, random: .seeded(1))
    far = SCTPAssociation(options: options, path: Self.path, random: .seeded(2))
  }

  /// Lets so many packets pass between the two, after one of them, or both, began.
  mutating func bring(to step: UInt8) {
    var unheard: [SCTPAssociation.Event] = []
    near.connect(at: now, into: outbox, events: &events)
    if step & 0x80 != 0 { far.connect(at: now, into: outbox, events: &unheard) }
    var isFromNear = true
    for turn in 0..<step & 15 {
      let packets = outbox.datagrams.map { outbox.bytes(of: $0) }
      outbox.removeAll()
      for packet in packets {
        if isFromNear {
          far.receive(packet.span, at: now, into: outbox, events: &unheard)
        } else {
          tag = packet[4..<8].reduce(0) { $0 << 8 | UInt32($1) }
          near.receive(packet.span, at: now, into: outbox, events: &events)
        }
      }
      isFromNear.toggle()
      if turn == 6, step & 0x10 != 0 {
        near.resetStreams([1, 2], at: now, into: outbox, events: &events)
      }
      if turn == 8, step & 0x20 != 0 { near.shutdown(at: now, into: outbox, events: &events) }
    }
    outbox.removeAll()
    events.removeAll()
  }

  mutating func receive(_ chunks: ArraySlice<UInt8>) {
    let isInitiation = chunks.first == 1
    var packet = [UInt8](capacity: 12 + chunks.count) { output in
      output.append(bigEndian: options.remotePort)
      output.append(bigEndian: options.localPort)
      output.append(bigEndian: isInitiation ? 0 : tag)
      output.append(bigEndian: 0 as UInt32)
      output.append(copying: chunks.span)
    }
    let checksum = CRC32C.checksum(ofPacket: packet.span)
    for index in 0..<4 { packet[8 + index] = UInt8(truncatingIfNeeded: checksum >> (8 * index)) }
    now = now + .milliseconds(1)
    near.receive(packet.span, at: now, into: outbox, events: &events)
    for datagram in outbox.datagrams {
      precondition(datagram.count <= options.maximumPacketSize)
      precondition(datagram.count.isMultiple(of: 4))
    }
    precondition(outbox.datagrams.count <= 64)
    outbox.removeAll()
    let held = near.metrics.heldReceiveBytes
    precondition(held >= 0 && held <= 20_000 + 5000 + 2000 + 1024 * 64)
  }

  /// Time goes on, whatever came: no deadline lies in the past for ever.
  mutating func check() {
    for _ in 0..<400 {
      guard let deadline = near.deadline else { break }
      let before = now
      now = max(now, deadline)
      near.advance(to: now, into: outbox, events: &events)
      precondition(near.deadline.map { $0 > now } ?? true, "\(before) \(now)")
      outbox.removeAll()
    }
    for event in events {
      if case .message(let message) = event {
        precondition(!message.payload.isEmpty && message.payload.count <= 5000)
        precondition(message.stream < 64)
      }
    }
  }
}
