/// Input ended before the field that was being read.
public struct Truncated: Error, Equatable, Sendable {
  /// Creates the error.
  @inlinable public init() {}
}

/// A cursor over bytes from outside: the only place that slices input.
///
/// Every read checks the length first and throws `Truncated`; nothing traps, whatever the bytes.
public struct ByteReader: ~Escapable {
  @usableFromInline var bytes: Span<UInt8>

  /// A reader at the start of `bytes`.
  @inlinable @_lifetime(copy bytes)
  public init(_ bytes: Span<UInt8>) { self.bytes = bytes }

  /// Bytes not read yet.
  @inlinable public var remainingCount: Int { bytes.count }

  /// Whether all bytes have been read.
  @inlinable public var isAtEnd: Bool { bytes.isEmpty }

  /// The bytes not read yet.
  @inlinable public var remaining: Span<UInt8> {
    @_lifetime(copy self) get { bytes }
  }

  /// Takes the next `count` bytes; a negative count is `Truncated` too.
  @inlinable @_lifetime(copy self)
  public mutating func take(_ count: Int) throws(Truncated) -> Span<UInt8> {
    guard 0 <= count, count <= bytes.count else { throw Truncated() }
    let taken = bytes.extracting(first: count)
    bytes = bytes.extracting(droppingFirst: count)
    return taken
  }

  /// Passes over `count` bytes.
  @inlinable @_lifetime(self: copy self)
  public mutating func skip(_ count: Int) throws(Truncated) {
    guard 0 <= count, count <= bytes.count else { throw Truncated() }
    bytes = bytes.extracting(droppingFirst: count)
  }

  /// Reads one byte.
  @inlinable @_lifetime(self: copy self)
  public mutating func readUInt8() throws(Truncated) -> UInt8 {
    guard bytes.count >= 1 else { throw Truncated() }
    let value = bytes[0]
    bytes = bytes.extracting(droppingFirst: 1)
    return value
  }

  /// Reads a 16-bit integer in network byte order.
  @inlinable @_lifetime(self: copy self)
  public mutating func readUInt16() throws(Truncated) -> UInt16 {
    guard bytes.count >= 2 else { throw Truncated() }
    let value = UInt16(bytes[0]) << 8 | UInt16(bytes[1])
    bytes = bytes.extracting(droppingFirst: 2)
    return value
  }

  /// Reads a 24-bit integer in network byte order.
  @inlinable @_lifetime(self: copy self)
  public mutating func readUInt24() throws(Truncated) -> UInt32 {
    guard bytes.count >= 3 else { throw Truncated() }
    let value = UInt32(bytes[0]) << 16 | UInt32(bytes[1]) << 8 | UInt32(bytes[2])
    bytes = bytes.extracting(droppingFirst: 3)
    return value
  }

  /// Reads a 32-bit integer in network byte order.
  @inlinable @_lifetime(self: copy self)
  public mutating func readUInt32() throws(Truncated) -> UInt32 {
    guard bytes.count >= 4 else { throw Truncated() }
    let value =
      UInt32(bytes[0]) << 24 | UInt32(bytes[1]) << 16 | UInt32(bytes[2]) << 8 | UInt32(bytes[3])
    bytes = bytes.extracting(droppingFirst: 4)
    return value
  }

  /// Reads a 64-bit integer in network byte order.
  @inlinable @_lifetime(self: copy self)
  public mutating func readUInt64() throws(Truncated) -> UInt64 {
    let high = try readUInt32()
    let low = try readUInt32()
    return UInt64(high) << 32 | UInt64(low)
  }
}
