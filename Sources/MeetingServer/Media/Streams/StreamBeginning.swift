import HTTPServer
import STUN

/// What a connection begins that is not HTTP. No two kinds have the same first two bytes.
enum StreamBeginning {
  /// The longest first message of either kind: nobody asks for anything in more.
  static let maximumByteCount = 1500
  /// A header and the shortest USERNAME.
  private static let minimumCheckByteCount = 28
  private static let headerByteCount = 20
  private static let cookie: [UInt8] = [0x21, 0x12, 0xa4, 0x42]

  /// A peer's connectivity check behind its length (RFC 6544 §3, RFC 4571 §2), once all of it is there.
  static func check(_ bytes: ArraySlice<UInt8>) -> StreamService.Recognition {
    let start = bytes.startIndex
    guard let high = bytes.first else { return .moreNeeded }
    guard Int(high) << 8 <= maximumByteCount else { return .no }
    guard bytes.count >= 2 else { return .moreNeeded }
    let length = Int(high) << 8 | Int(bytes[start + 1])
    guard length >= minimumCheckByteCount, length <= maximumByteCount, length % 4 == 0 else {
      return .no
    }
    let rest = length - headerByteCount
    let expected = [0, 1, UInt8(rest >> 8), UInt8(rest & 0xff)] + cookie
    guard expected.starts(with: bytes.dropFirst(2).prefix(expected.count)) else { return .no }
    guard bytes.count >= 2 + length else { return .moreNeeded }
    return fragment(of: bytes) == nil ? .no : .yes
  }

  /// A client's request to a STUN or TURN server (RFC 8489 §6.2.2), once its header is there.
  static func request(_ bytes: ArraySlice<UInt8>) -> StreamService.Recognition {
    let start = bytes.startIndex
    for (place, byte) in bytes.prefix(8).enumerated() {
      let isRight =
        switch place {
        case 0: byte == 0
        case 1: (1...0x0f).contains(byte)
        case 2: Int(byte) << 8 <= maximumByteCount
        case 3: (Int(bytes[start + 2]) << 8 | Int(byte)) <= maximumByteCount && byte % 4 == 0
        default: byte == cookie[place - 4]
        }
      guard isRight else { return .no }
    }
    return bytes.count >= 8 ? .yes : .moreNeeded
  }

  /// Whom a check asks for: the user name fragment of ours that it holds.
  static func fragment(of beginning: ArraySlice<UInt8>) -> STUNUsernameFragment? {
    guard beginning.count >= 2 else { return nil }
    let length =
      Int(beginning[beginning.startIndex]) << 8 | Int(beginning[beginning.startIndex + 1])
    let check = Array(beginning.dropFirst(2).prefix(length))
    return STUNMessage.localUsernameFragment(ofBindingRequest: check.span)
  }
}
