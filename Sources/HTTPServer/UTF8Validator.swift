/// Checks UTF-8 as it comes in, in pieces cut anywhere (RFC 3629 §4): no overlong forms, no
/// surrogates, nothing above U+10FFFF.
struct UTF8Validator {
  private var remaining = 0
  private var range: ClosedRange<UInt8> = 0x80...0xBF

  /// Whether what came so far ends at a character's end.
  var isComplete: Bool { remaining == 0 }

  /// False at a byte that cannot follow what came before.
  mutating func accept(_ byte: UInt8) -> Bool {
    guard remaining == 0 else {
      guard range.contains(byte) else { return false }
      remaining &-= 1
      range = 0x80...0xBF
      return true
    }
    switch byte {
    case 0x00...0x7F: return true
    case 0xC2...0xDF: remaining = 1
    case 0xE0: (remaining, range) = (2, 0xA0...0xBF)
    case 0xED: (remaining, range) = (2, 0x80...0x9F)
    case 0xE1...0xEF: remaining = 2
    case 0xF0: (remaining, range) = (3, 0x90...0xBF)
    case 0xF1...0xF3: remaining = 3
    case 0xF4: (remaining, range) = (3, 0x80...0x8F)
    default: return false
    }
    return true
  }
}
