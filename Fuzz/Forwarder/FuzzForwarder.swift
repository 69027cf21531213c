import SFU
import Wire

/// A script of joins, leaves, votes on what is shown, times, well-protected packets with anything inside, and raw
/// datagrams, for one forwarder with two rooms.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzForwarder(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  guard let start = unsafe start else { return 0 }
  // The fuzzer's buffer, valid for this call.
  let script = Script(bytes: unsafe Array(UnsafeBufferPointer(start: start, count: count)))
  script.run()
  return 0
}

private final class Script {
  private static let peerCount = 4

  private let bytes: [UInt8]
  private var position = 0
  private let rooms = Rooms()

  init(bytes: [UInt8]) { self.bytes = bytes }

  func run() {
    rooms.join(0, shape: 0xff)
    rooms.join(1, shape: 0x3f)
    rooms.connect()
    while let step = next() {
      perform(step)
      rooms.check()
    }
    rooms.pass(.seconds(40))
    rooms.check()
    // Whatever is left then is lost: the fuzzer's limit of memory notices.
    for index in 0..<Self.peerCount { rooms.leave(index) }
    rooms.check()
  }

  private func perform(_ step: UInt8) {
    let who = Int(step >> 6)
    switch step & 15 {
    case 0: rooms.pass(.milliseconds(Int64(next() ?? 0) * 4))
    case 1: rooms.pass(.milliseconds(Int64(next() ?? 0) * 200))
    case 2: rooms.inject(take(), from: who)
    case 3: rooms.inject(take(), from: nil)
    case 4, 5, 6: sendMedia(from: who)
    case 7: rooms.sendControl(take(), from: who)
    case 8: rooms.sendFeedback(next() ?? 0, about: next() ?? 0, from: who)
    case 9: rooms.join(who, shape: next() ?? 0)
    case 10: rooms.leave(who)
    case 11: rooms.setLive(step & 32 != 0, who, role: next() ?? 0)
    case 12: rooms.setView(take(), of: who)
    case 13: rooms.update(who, shape: next() ?? 0)
    case 14: rooms.forward()
    default: rooms.connect()
    }
  }

  private func sendMedia(from who: Int) {
    guard let stream = next(), let flags = next(), let number = next() else { return }
    let extensions = flags & 1 == 0 ? [] : take()
    rooms.sendMedia(
      stream: stream, flags: flags, number: UInt16(number) &* 257, extensions: extensions,
      payload: take(), from: who)
    if flags & 2 == 0 { rooms.forward() }
  }

  private func next() -> UInt8? {
    guard position < bytes.count else { return nil }
    defer { position += 1 }
    return bytes[position]
  }

  private func take() -> [UInt8] {
    let end = min(position + Int(next() ?? 0) + 1, bytes.count)
    guard position < end else { return [] }
    defer { position = end }
    return Array(bytes[position..<end])
  }
}
