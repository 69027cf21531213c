import Wire

/// The header-extension elements of a packet to be written (RFC 8285 §4).
///
/// Keeps its memory over `removeAll`, so that one list serves all packets of a sender without
/// allocating.
public struct RTPHeaderExtensionList: Sendable {
  /// The most bytes of elements a list holds: more would not leave room for media in a datagram.
  public static let maximumByteCount = 512

  /// Elements as id, length, value: the two-byte form without its padding. Those beyond `count` are memory for more.
  private var bytes: [UInt8] = []
  private var count = 0
  private var elementCount = 0
  private var isOneByteForm = true

  /// An empty list.
  public init() {}

  /// Whether there are no elements.
  public var isEmpty: Bool { elementCount == 0 }

  /// Forgets all elements and keeps the memory.
  public mutating func removeAll() {
    count = 0
    elementCount = 0
    isOneByteForm = true
  }

  /// Adds an element. Id 0, a value over 255 bytes and what is past `maximumByteCount` are left out,
  /// and the answer is false.
  @discardableResult
  public mutating func append(id: UInt8, _ value: Span<UInt8>) -> Bool {
    guard let start = reserve(id, value.count) else { return false }
    var target = bytes.mutableSpan
    for index in value.indices { target[start + index] = value[index] }
    return true
  }

  /// Adds an element of the `byteCount` (1–8) low bytes of `value`, most significant first.
  @discardableResult
  public mutating func append(id: UInt8, value: UInt64, byteCount: Int) -> Bool {
    guard (1...8).contains(byteCount), reserve(id, byteCount) != nil else { return false }
    setLast(value, byteCount: byteCount)
    return true
  }

  /// Overwrites the last `byteCount` (1–8) bytes of the newest element: a number that is known only once the length of
  /// the whole packet is.
  public mutating func setLast(_ value: UInt64, byteCount: Int) {
    guard (1...8).contains(byteCount), count >= byteCount else { return }
    var rest = value
    var place = count
    var target = bytes.mutableSpan
    for _ in 0..<byteCount {
      place -= 1
      target[place] = UInt8(truncatingIfNeeded: rest)
      rest >>= 8
    }
  }

  /// Makes room for a value and tells where it goes.
  private mutating func reserve(_ id: UInt8, _ valueCount: Int) -> Int? {
    let start = count
    let end = start + 2 + valueCount
    guard id != 0, valueCount <= 255, end <= Self.maximumByteCount else { return nil }
    if id > 14 || valueCount < 1 || valueCount > 16 { isOneByteForm = false }
    if end > bytes.count {
      bytes.append(contentsOf: repeatElement(0, count: max(end, 32) - bytes.count))
    }
    count = end
    elementCount += 1
    var target = bytes.mutableSpan
    target[start] = id
    target[start + 1] = UInt8(truncatingIfNeeded: valueCount)
    return end - valueCount
  }

  /// Bytes the extension takes in a header: profile, length, elements and padding; 0 if empty.
  public var byteCount: Int { isEmpty ? 0 : 4 + wordCount * 4 }

  private var wordCount: Int {
    (count - (isOneByteForm ? elementCount : 0) + 3) / 4
  }

  @_lifetime(output: copy output)
  func write(into output: inout OutputSpan<UInt8>) {
    guard !isEmpty else { return }
    output.append(bigEndian: isOneByteForm ? 0xbede : 0x1000 as UInt16)
    output.append(bigEndian: UInt16(truncatingIfNeeded: wordCount))
    let end = output.count + wordCount * 4
    let elements = bytes.span.extracting(first: count)
    var position = 0
    while position < elements.count {
      let valueCount = Int(elements[position + 1])
      if isOneByteForm {
        output.append(elements[position] << 4 | UInt8(truncatingIfNeeded: valueCount - 1))
      } else {
        output.append(elements[position])
        output.append(elements[position + 1])
      }
      for index in position + 2..<position + 2 + valueCount { output.append(elements[index]) }
      position += 2 + valueCount
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
