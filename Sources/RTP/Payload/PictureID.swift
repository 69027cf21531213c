/// The number of a picture in a VP8 or VP9 payload descriptor, 7 or 15 bits wide, and where it lies.
public struct PictureID: Equatable, Sendable {
  /// The number.
  public let value: UInt16
  /// The position of its first byte within the payload.
  public let position: Int
  /// Whether it takes 15 bits in two bytes instead of 7 in one.
  public let isLong: Bool

  /// The number of bits: numbers wrap there.
  public var bitWidth: Int { isLong ? 15 : 7 }

  /// Puts `newValue`, cut to the same width, in the place of the number. `payloadStart` is where the
  /// payload starts in `bytes`. Does nothing if the place lies outside.
  public func write(
    _ newValue: UInt16, in bytes: inout MutableSpan<UInt8>, payloadStart: Int = 0
  ) {
    let first = payloadStart &+ position
    guard first >= 0, first < bytes.count - (isLong ? 1 : 0) else { return }
    guard isLong else {
      bytes[first] = UInt8(truncatingIfNeeded: newValue) & 0x7f
      return
    }
    bytes[first] = 0x80 | UInt8(truncatingIfNeeded: newValue >> 8)
    bytes[first + 1] = UInt8(truncatingIfNeeded: newValue)
  }

  /// Reads the number at the start of `rest`, which is the end of a payload of `payloadCount` bytes.
  init?(parsing rest: Span<UInt8>, payloadCount: Int) {
    guard let first = rest.isEmpty ? nil : rest[0] else { return nil }
    position = payloadCount - rest.count
    isLong = first & 0x80 != 0
    guard isLong else {
      value = UInt16(first)
      return
    }
    guard rest.count > 1 else { return nil }
    value = UInt16(first & 0x7f) << 8 | UInt16(rest[1])
  }

  /// Bytes it takes.
  var byteCount: Int { isLong ? 2 : 1 }
}

/// A byte of a payload descriptor that may be rewritten, and where it lies.
public struct DescriptorByte: Equatable, Sendable {
  /// The byte.
  public let value: UInt8
  /// Its position within the payload.
  public let position: Int

  /// Puts `newValue` in its place. `payloadStart` is where the payload starts in `bytes`. Does nothing
  /// if the place lies outside.
  public func write(
    _ newValue: UInt8, in bytes: inout MutableSpan<UInt8>, payloadStart: Int = 0
  ) {
    let place = payloadStart &+ position
    guard bytes.indices.contains(place) else { return }
    bytes[place] = newValue
  }
}
