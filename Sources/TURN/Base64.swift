/// Base 64 with padding (RFC 4648 §4).
enum Base64 {
  private static let alphabet = Array(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

  static func text(_ bytes: [UInt8]) -> String {
    var text = ""
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let group = bytes[start..<min(start + 3, bytes.count)]
      let bits = group.reduce(0 as UInt32) { $0 << 8 | UInt32($1) } << UInt32((3 - group.count) * 8)
      for digit in 0..<4 {
        let value = Int(bits >> UInt32(18 - 6 * digit) & 63)
        text.append(
          digit <= group.count ? Character(Unicode.Scalar(alphabet[value])) : "=")
      }
    }
    return text
  }

  /// What a digit stands for.
  static func value(of digit: UInt8) -> UInt8? {
    alphabet.firstIndex(of: digit).map { UInt8(truncatingIfNeeded: $0) }
  }
}
