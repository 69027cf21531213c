extension OutputSpan<UInt8> {
  /// Appends a 16-bit integer in network byte order; the caller has reserved the room.
  @inlinable @_lifetime(self: copy self)
  public mutating func append(bigEndian value: UInt16) {
    append(UInt8(truncatingIfNeeded: value >> 8))
    append(UInt8(truncatingIfNeeded: value))
  }

  /// Appends the low 24 bits of an integer in network byte order.
  @inlinable @_lifetime(self: copy self)
  public mutating func append(bigEndian24 value: UInt32) {
    append(UInt8(truncatingIfNeeded: value >> 16))
    append(UInt8(truncatingIfNeeded: value >> 8))
    append(UInt8(truncatingIfNeeded: value))
  }

  /// Appends a 32-bit integer in network byte order.
  @inlinable @_lifetime(self: copy self)
  public mutating func append(bigEndian value: UInt32) {
    append(UInt8(truncatingIfNeeded: value >> 24))
    append(UInt8(truncatingIfNeeded: value >> 16))
    append(UInt8(truncatingIfNeeded: value >> 8))
    append(UInt8(truncatingIfNeeded: value))
  }

  /// Appends a 64-bit integer in network byte order.
  @inlinable @_lifetime(self: copy self)
  public mutating func append(bigEndian value: UInt64) {
    append(bigEndian: UInt32(truncatingIfNeeded: value >> 32))
    append(bigEndian: UInt32(truncatingIfNeeded: value))
  }

  /// Appends a copy of `bytes`.
  @inlinable @_lifetime(self: copy self)
  public mutating func append(copying bytes: Span<UInt8>) {
    for index in bytes.indices { append(bytes[index]) }
  }
}
