import SCTP
import Wire

/// A script of calls, times, losses and hostile messages for two sides' data channels.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzDataChannels(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  guard let start = unsafe start else { return 0 }
  // The fuzzer's buffer, valid for this call.
  var script = Script(bytes: unsafe Array(UnsafeBufferPointer(start: start, count: count)))
  script.run()
  return 0
}

private struct Script {
  private let bytes: [UInt8]
  private var position = 0
  private var now = Instant.zero
  private let sides: [Side]
  /// Whether the second side says what it likes.
  private let isHostile: Bool
  private var wire: [(to: Int, bytes: [UInt8])] = []

  init(bytes: [UInt8]) {
    self.bytes = bytes
    isHostile = bytes.first.map { $0 & 1 == 1 } ?? false
    sides = [
      Side(isClient: true, isRogue: false, hasHonestPeer: !isHostile),
      Side(isClient: false, isRogue: isHostile, hasHonestPeer: true),
    ]
  }

  mutating func run() {
    position = 1
    for index in 0..<2 { act(index) { $0.start(at: $1, into: $2) } }
    var steps = 0
    while let step = next(), steps < 2_000 {
      steps += 1
      perform(step)
      for side in sides { side.check() }
    }
    settle()
  }

  private mutating func perform(_ step: UInt8) {
    let index = Int(step >> 7)
    switch step % 12 {
    case 0: wait(.milliseconds(Int64(next() ?? 0) * 8))
    case 1: if let due = sides.compactMap(\.deadline).min() { wait(due - now) }
    case 2, 3: deliver()
    case 4: if !wire.isEmpty { wire.removeFirst() }
    case 5: if let first = wire.first { wire.append(first) }
    case 6: if wire.count > 1 { wire.append(wire.removeFirst()) }
    case 7:
      let shape = next() ?? 0
      act(index) { $0.open(shape, at: $1, into: $2) }
    case 8:
      let choice = next() ?? 0
      act(index) { $0.close(choice, at: $1, into: $2) }
    case 9, 10:
      let (choice, length) = (next() ?? 0, Int(next() ?? 0) * 23)
      act(index) { $0.send(choice, length: length, at: $1, into: $2) }
    default:
      guard isHostile else { return deliver() }
      let (stream, kind) = (UInt16(next() ?? 0), next() ?? 0)
      let payload = take(Int(next() ?? 0))
      act(1) { $0.misbehave(stream: stream, kind: kind, payload, at: $1, into: $2) }
    }
  }

  /// With nothing lost any more everything that was begun comes to its end.
  private mutating func settle() {
    var steps = 0
    for index in 0..<2 { act(index) { $0.closeAll(at: $1, into: $2) } }
    while steps < 3_000, now < .zero + .seconds(2_000) {
      steps += 1
      if !wire.isEmpty {
        deliver()
      } else if let due = sides.compactMap(\.deadline).min(), sides.contains(where: { !$0.isQuiet })
      {
        wait(due - now)
        for index in 0..<2 { act(index) { $0.closeAll(at: $1, into: $2) } }
      } else {
        break
      }
    }
    guard !isHostile, steps < 3_000 else { return }
    for side in sides { precondition(side.isQuiet) }
  }

  private mutating func wait(_ duration: Duration) {
    now = now + max(duration, .zero)
    for index in 0..<2 { act(index) { $0.advance(to: $1, into: $2) } }
  }

  private mutating func deliver() {
    guard !wire.isEmpty else { return }
    let packet = wire.removeFirst()
    act(packet.to) { $0.receive(packet.bytes.span, at: $1, into: $2) }
  }

  /// Has a side do something and puts what it sends on the wire, where there is room for so much.
  private mutating func act(_ index: Int, _ body: (Side, Instant, Outbox) -> Void) {
    let outbox = Outbox(byteCapacity: 0)
    body(sides[index], now, outbox)
    for datagram in outbox.datagrams where wire.count < 512 {
      wire.append((1 - index, outbox.bytes(of: datagram)))
    }
  }

  private mutating func next() -> UInt8? {
    guard position < bytes.count else { return nil }
    defer { position += 1 }
    return bytes[position]
  }

  private mutating func take(_ count: Int) -> [UInt8] {
    let end = min(position + count, bytes.count)
    defer { position = end }
    return Array(bytes[position..<end])
  }
}
