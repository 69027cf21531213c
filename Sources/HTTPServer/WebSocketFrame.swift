/// Frames as a server sends them: unmasked, whole (RFC 6455 §5.2).
enum WebSocketFrame {
  /// The four bits that say what a frame is.
  enum Opcode: UInt8 {
    case continuation = 0
    case text = 1
    case binary = 2
    case close = 8
    case ping = 9
    case pong = 10

    var isControl: Bool { rawValue & 8 != 0 }
  }

  static func bytes(_ opcode: Opcode, _ payload: some Collection<UInt8>) -> [UInt8] {
    let count = payload.count
    var frame: [UInt8] = []
    frame.reserveCapacity(count &+ 10)
    frame.append(0x80 | opcode.rawValue)
    switch count {
    case ..<126: frame.append(UInt8(truncatingIfNeeded: count))
    case ..<65536:
      frame.append(126)
      frame.append(UInt8(truncatingIfNeeded: count >> 8))
      frame.append(UInt8(truncatingIfNeeded: count))
    default:
      frame.append(127)
      for shift in stride(from: 56, through: 0, by: -8) {
        frame.append(UInt8(truncatingIfNeeded: count >> shift))
      }
    }
    frame.append(contentsOf: payload)
    return frame
  }

  static func close(_ code: WebSocketCloseCode, _ reason: String) -> [UInt8] {
    guard code.mayBeSent else { return bytes(.close, []) }
    let number = [UInt8(code.rawValue >> 8), UInt8(truncatingIfNeeded: code.rawValue)]
    return bytes(.close, number + shortened(reason).utf8)
  }

  /// A control frame holds 125 bytes; the cut never splits a character.
  private static func shortened(_ reason: String) -> String {
    var short = reason
    while short.utf8.count > 123 { short.removeLast() }
    return short
  }
}
