import Wire

/// The header-extension elements of a packet to be written (RFC 8285 §4).
///
/// Keeps its memory over `removeAll`, so that one list serves all packets of a sender without
/// allocating.
public struct RTPHeaderExtensionList: Sendable {
  /// The most bytes of elements a list holds: more would not leave room for media in a datagram.
  public static let maximumByteCount = 512

  /// Elements as id, length, value: the two-byte form without its padding.
  private var bytes: [UInt8] = []
  private var elementCount = 0
  private var isOneByteForm = true

  /// An empty list.
  public init() {}

  /// Whether there are no elements.
  public var isEmpty: Bool { elementCount == 0 }

  /// Forgets all elements and keeps the memory.
  public mutating func removeAll() {
    guard elementCount > 0 else { return }
    bytes.removeAll(keepingCapacity: true)
    elementCount = 0
    isOneByteForm = true
  }

  /// Adds an element. Id 0, a value over 255 bytes and what is past `maximumByteCount` are left out,
  /// and the answer is false.
  @discardableResult
  public mutating func append(id: UInt8, _ value: Span<UInt8>) -> Bool {
    guard reserve(id, value.count) else { return false }
    for index in value.indices { bytes.append(value[index]) }
    return true
  }

  /// Adds an element of the `byteCount` (1–8) low bytes of `value`, most significant first.
  @discardableResult
  public mutating func append(id: UInt8, value: UInt64, byteCount: Int) -> Bool {
    guard (1...8).contains(byteCount), reserve(id, byteCount) else { return false }
    for index in 0..<byteCount {
      bytes.append(UInt8(truncatingIfNeeded: value >> UInt64((byteCount - 1 - index) * 8)))
    }
    return true
  }

  private mutating func reserve(_ id: UInt8, _ count: Int) -> Bool {
    guard id != 0, count <= 255, bytes.count + 2 + count <= Self.maximumByteCount else {
      return false
    }
    if id > 14 || count < 1 || count > 16 { isOneByteForm = false }
    bytes.append(id)
    bytes.append(UInt8(truncatingIfNeeded: count))
    elementCount += 1
    return true
  }

  /// Bytes the extension takes in a header: profile, length, elements and padding; 0 if empty.
  public var byteCount: Int { isEmpty ? 0 : 4 + wordCount * 4 }

  private var wordCount: Int {
    (bytes.count - (isOneByteForm ? elementCount : 0) + 3) / 4
  }

  @_lifetime(output: copy output)
  func write(into output: inout OutputSpan<UInt8>) {
    guard !isEmpty else { return }
    output.append(bigEndian: isOneByteForm ? 0xbede : 0x1000 as UInt16)
    output.append(bigEndian: UInt16(truncatingIfNeeded: wordCount))
    let end = output.count + wordCount * 4
    var position = 0
    while position < bytes.count {
      let count = Int(bytes[position + 1])
      if isOneByteForm {
        output.append(bytes[position] << 4 | UInt8(truncatingIfNeeded: count - 1))
      } else {
        output.append(bytes[position])
        output.append(bytes[position + 1])
      }
      for index in position + 2..<position + 2 + count { output.append(bytes[index]) }
      position += 2 + count
    }
    while output.count < end { output.append(0) }
  }
}

extension RTPHeader {
  /// Appends this header with `extensions` in place of the extension it was read with, and without
  /// contributing sources: `RTPHeader.fixedByteCount + extensions.byteCount` bytes.
  ///
  /// Elements take the one-byte form if every id is at most 14 and every value 1–16 bytes long, and
  /// the two-byte form otherwise; the receiver must have accepted `a=extmap-allow-mixed` for that.
  @_lifetime(output: copy output)
  public func write(
    extensions: borrowing RTPHeaderExtensionList, into output: inout OutputSpan<UInt8>
  ) {
    output.append(0x80 | (hasPadding ? 0x20 : 0) | (extensions.isEmpty ? 0 : 0x10))
    output.append((marker ? 0x80 : 0) | payloadType & 0x7f)
    output.append(bigEndian: sequenceNumber)
    output.append(bigEndian: timestamp)
    output.append(bigEndian: ssrc)
    extensions.write(into: &output)
  }

  /// Appends this header without extension and contributing sources: 12 bytes.
  @_lifetime(output: copy output)
  public func write(into output: inout OutputSpan<UInt8>) {
    write(extensions: RTPHeaderExtensionList(), into: &output)
  }
}
