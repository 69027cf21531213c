extension ChatMessage {
  /// At most how many bytes of JSON the message comes to, which for hostile text is six times as many as
  /// were sent.
  public var encodedByteCount: Int {
    // {"at":…,"id":…,"name":"","text":"","userId":""} and a comma, with two numbers of 20 digits.
    96 + [userId, name, text].reduce(0) { $0 + $1.escapedByteCount }
  }
}

extension String {
  /// The bytes of a JSON string without its quotes (RFC 8259 §7).
  fileprivate var escapedByteCount: Int {
    utf8.reduce(0) { count, byte in
      switch byte {
      // Backspace, tab, line feed, form feed, carriage return, quote and backslash have short escapes.
      case 0x08...0x0A, 0x0C...0x0D, UInt8(ascii: "\""), UInt8(ascii: "\\"): count + 2
      case ..<0x20: count + 6
      default: count + 1
      }
    }
  }
}
