import Wire

/// Reads a DNS message, whose names may point back into it (RFC 1035 §4.1.4).
struct MDNSReader: ~Escapable {
  private let message: Span<UInt8>
  private var position = 0

  @_lifetime(copy message)
  init(_ message: Span<UInt8>) { self.message = message }

  mutating func readUInt16() throws(MDNSMessage.Failure) -> UInt16 {
    UInt16(truncatingIfNeeded: try readNumber(2))
  }

  mutating func readUInt32() throws(MDNSMessage.Failure) -> UInt32 {
    UInt32(truncatingIfNeeded: try readNumber(4))
  }

  mutating func readUInt64() throws(MDNSMessage.Failure) -> UInt64 { try readNumber(8) }

  private mutating func readNumber(_ count: Int) throws(MDNSMessage.Failure) -> UInt64 {
    guard message.count - position >= count else { throw .truncated }
    var number: UInt64 = 0
    for _ in 0..<count {
      number = number << 8 | UInt64(message[position])
      position += 1
    }
    return number
  }

  /// A reader of the next `count` bytes alone.
  @_lifetime(copy self)
  mutating func take(_ count: Int) throws(MDNSMessage.Failure) -> MDNSReader {
    guard message.count - position >= count else { throw .truncated }
    defer { position += count }
    return MDNSReader(message.extracting(position..<position + count))
  }

  /// Reads a name; nil where it is one we do not deal with.
  mutating func readName() throws(MDNSMessage.Failure) -> MDNSName? {
    var text = ""
    var byteCount = 0
    var isPlain = true
    var at = position
    var isInPlace = true
    // Every pointer has to lead further back than the last one, so this ends.
    var limit = position
    while true {
      guard at < message.count else { throw .truncated }
      let length = Int(message[at])
      switch length {
      case 0:
        if isInPlace { position = at + 1 }
        return isPlain ? MDNSName(text) : nil
      case 1...63:
        guard message.count - at - 1 >= length else { throw .truncated }
        byteCount += length + 1
        guard byteCount <= 255 else { throw .malformedName }
        if !text.isEmpty { text.append(".") }
        for index in at + 1...at + length {
          // A dot within a label would look like two labels.
          if message[index] >= 0x80 || message[index] == UInt8(ascii: ".") { isPlain = false }
          text.unicodeScalars.append(UnicodeScalar(message[index]))
        }
        at += length + 1
      case 0xc0...0xff:
        guard message.count - at >= 2 else { throw .truncated }
        let target = (length & 0x3f) << 8 | Int(message[at + 1])
        guard target < limit else { throw .malformedName }
        if isInPlace { position = at + 2 }
        isInPlace = false
        limit = target
        at = target
      default: throw .malformedName
      }
    }
  }
}
