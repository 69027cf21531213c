internal import Wire

/// Bytes a chunk or parameter takes with its padding (RFC 9260 §3.2).
func padded(_ byteCount: Int) -> Int { (byteCount + 3) & ~3 }

/// Bytes that parameters of these lengths take one after the other. The padding of the last one
/// belongs to the chunk around it, whose length does not count it (RFC 9260 §3.2).
func joined(_ lengths: [Int]) -> Int {
  guard let last = lengths.last else { return 0 }
  return lengths.dropLast().reduce(last) { $0 + padded($1) }
}

extension OutputSpan<UInt8> {
  /// Appends the four bytes every chunk begins with; `length` counts them in and padding out.
  @_lifetime(self: copy self)
  mutating func appendChunk(_ type: ChunkType, flags: UInt8 = 0, length: Int) {
    append(type.rawValue)
    append(flags)
    append(bigEndian: UInt16(clamping: length))
  }

  /// Appends the four bytes every parameter and error cause begins with.
  @_lifetime(self: copy self)
  mutating func appendParameter(_ type: UInt16, length: Int) {
    append(bigEndian: type)
    append(bigEndian: UInt16(clamping: length))
  }

  /// Appends the zeros that follow a chunk or parameter of `length` bytes.
  @_lifetime(self: copy self)
  mutating func appendPadding(after length: Int) {
    append(repeating: 0, count: padded(length) - length)
  }
}

extension [UInt8] {
  /// A copy of `bytes`.
  init(copying bytes: Span<UInt8>) {
    self.init(capacity: bytes.count) { $0.append(copying: bytes) }
  }
}
