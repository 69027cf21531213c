import Wire

/// An open bitstream unit (OBU) of AV1 and where its parts lie (AV1 Bitstream §5.3).
///
///       +-+-+-+-+-+-+-+-+
///       |0| type  |X|S|0|   X: extension byte, S: size follows
struct OpenBitstreamUnit: Equatable {
  static let sequenceHeader: UInt8 = 1
  static let temporalDelimiter: UInt8 = 2
  static let frameHeader: UInt8 = 3
  static let frame: UInt8 = 6
  static let tileList: UInt8 = 8
  static let padding: UInt8 = 15

  private static let extensionFlag: UInt8 = 0x04
  private static let sizeFlag: UInt8 = 0x02

  /// The first byte.
  let header: UInt8
  /// Temporal and spatial layer, where there is an extension.
  let extensionByte: UInt8?
  /// Where its data lie.
  let data: Range<Int>
  /// Where it ends with its size.
  let end: Int

  var type: UInt8 { header >> 3 & 0x0f }

  /// Whether it is left out of RTP (RTP Payload Format For AV1 §5), or carries nothing.
  var isLeftOut: Bool { [Self.temporalDelimiter, Self.tileList, Self.padding].contains(type) }

  /// The header and extension bytes as they are with or without a size behind.
  func leadingBytes(withSize: Bool) -> [UInt8] {
    let first = header & ~Self.sizeFlag | (withSize ? Self.sizeFlag : 0)
    return extensionByte.map { [first, $0] } ?? [first]
  }

  /// Reads the unit that starts at `position`. Without a size it takes all the rest. Nil where it is cut.
  init?(in bytes: Span<UInt8>, at position: Int) {
    var reader = ByteReader(bytes.extracting(droppingFirst: position))
    guard let first = try? reader.readUInt8(), first & 0x80 == 0 else { return nil }
    header = first
    var found: UInt8?
    if first & Self.extensionFlag != 0 {
      guard let byte = try? reader.readUInt8() else { return nil }
      found = byte
    }
    extensionByte = found
    var count = reader.remainingCount
    if first & Self.sizeFlag != 0 {
      guard let size = LEB128.read(&reader), size <= reader.remainingCount else { return nil }
      count = size
    }
    let start = bytes.count - (first & Self.sizeFlag != 0 ? reader.remainingCount : count)
    data = start..<start + count
    end = start + count
  }

  /// The units of `bytes`; nil where they do not fill it exactly.
  static func units(in bytes: Span<UInt8>) -> [OpenBitstreamUnit]? {
    var units: [OpenBitstreamUnit] = []
    var position = 0
    while position < bytes.count {
      guard let unit = OpenBitstreamUnit(in: bytes, at: position) else { return nil }
      units.append(unit)
      position = unit.end
    }
    return units
  }
}

/// Numbers in groups of 7 bits, lowest first (AV1 Bitstream §4.10.5).
enum LEB128 {
  /// Reads a number of at most 32 bits in at most 8 bytes; nil where it is cut or larger.
  static func read(_ reader: inout ByteReader) -> Int? {
    var value: UInt64 = 0
    for index in 0..<8 as Range<UInt64> {
      guard let byte = try? reader.readUInt8() else { return nil }
      value |= UInt64(byte & 0x7f) << (index * 7)
      if byte & 0x80 == 0 { return value <= UInt32.max ? Int(value) : nil }
    }
    return nil
  }

  /// How many bytes `value` takes.
  static func byteCount(_ value: Int) -> Int {
    value < 0x80 ? 1 : (Int.bitWidth - value.leadingZeroBitCount + 6) / 7
  }

  /// The shortest form of `value`, which is not negative.
  static func bytes(_ value: Int) -> [UInt8] {
    var rest = value
    var bytes: [UInt8] = []
    repeat {
      let group = UInt8(truncatingIfNeeded: rest & 0x7f)
      rest >>= 7
      bytes.append(group | (rest > 0 ? 0x80 : 0))
    } while rest > 0
    return bytes
  }
}
