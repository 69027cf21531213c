import Wire

/// The header of a repair packet (draft-ietf-payload-flexible-fec-scheme-03 §4.2), with a flexible mask for one
/// source. It goes behind the repair packet's own RTP header.
///
///       0                   1                   2                   3
///       0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
///      |0|0|P|X|  CC   |M| PT recovery |         length recovery       |
///      |                          TS recovery                          |
///      |   SSRCCount   |                    reserved                   |
///      |                             SSRC_i                            |
///      |           SN base_i           |k|          Mask [0-14]        |
///      |k|                   Mask [15-45] (optional)                   |
///      |k|                                                             |
///      +-+                   Mask [46-108] (optional)                  |
struct FlexibleFECHeader: Equatable {
  /// Numbers from the base on that a mask can tell of.
  static let span = 109
  private static let parts: [Range<Int>] = [0..<15, 15..<46, 46..<109]

  /// Exclusive or of the first two bytes of the packets' RTP headers.
  var leadingBytes: UInt16 = 0
  /// Exclusive or of the packets' lengths without the twelve bytes of the fixed header.
  var length: UInt16 = 0
  /// Exclusive or of the packets' timestamps.
  var timestamp: UInt32 = 0
  /// The source of the packets.
  var ssrc: UInt32
  /// The sequence number of the first place of the mask.
  var base: UInt16
  /// Bit 0 stands for the base, bit 1 for the number after it.
  var mask: UInt128 = 0

  /// How many bytes `write` appends.
  var byteCount: Int { 18 + 2 + (mask >> 15 == 0 ? 0 : mask >> 46 == 0 ? 4 : 12) }

  /// Whether the packet `offset` numbers after the base is protected.
  func protects(_ offset: Int) -> Bool { mask >> UInt128(offset) & 1 == 1 }

  /// The protected packets, in numbers after the base.
  var offsets: [Int] {
    var rest = mask
    var offsets: [Int] = []
    while rest != 0 {
      offsets.append(rest.trailingZeroBitCount)
      rest &= rest - 1
    }
    return offsets
  }

  init(ssrc: UInt32, base: UInt16) {
    self.ssrc = ssrc
    self.base = base
  }

  /// Reads a header and tells how long it is; nil where it is cut, protects nothing, or is of another kind:
  /// a retransmission, a fixed mask, several sources.
  static func parse(_ payload: Span<UInt8>) -> (FlexibleFECHeader, count: Int)? {
    var reader = ByteReader(payload)
    do throws(Truncated) {
      let leading = try reader.readUInt16()
      let length = try reader.readUInt16()
      let timestamp = try reader.readUInt32()
      let sourceCount = try reader.readUInt8()
      try reader.skip(3)
      let ssrc = try reader.readUInt32()
      let base = try reader.readUInt16()
      guard leading & 0xc000 == 0, sourceCount == 1 else { return nil }
      var header = FlexibleFECHeader(ssrc: ssrc, base: base)
      (header.leadingBytes, header.length, header.timestamp) = (leading, length, timestamp)
      var isLast = false
      for part in parts where !isLast {
        let bits: UInt64 =
          switch part.count {
          case 15: UInt64(try reader.readUInt16())
          case 31: UInt64(try reader.readUInt32())
          default: try reader.readUInt64()
          }
        isLast = bits >> UInt64(part.count) == 1
        for place in part where bits >> UInt64(part.upperBound - 1 - place) & 1 == 1 {
          header.mask |= 1 << UInt128(place)
        }
      }
      guard isLast, header.mask != 0 else { return nil }
      return (header, payload.count - reader.remainingCount)
    } catch {
      return nil
    }
  }

  @_lifetime(output: copy output)
  func write(into output: inout OutputSpan<UInt8>) {
    output.append(bigEndian: leadingBytes & 0x3fff)
    output.append(bigEndian: length)
    output.append(bigEndian: timestamp)
    output.append(1)
    output.append(bigEndian24: 0)
    output.append(bigEndian: ssrc)
    output.append(bigEndian: base)
    for part in Self.parts {
      let isLast = mask >> UInt128(part.upperBound) == 0
      var bits: UInt64 = isLast ? 1 : 0
      for place in part { bits = bits << 1 | (protects(place) ? 1 : 0) }
      switch part.count {
      case 15: output.append(bigEndian: UInt16(truncatingIfNeeded: bits))
      case 31: output.append(bigEndian: UInt32(truncatingIfNeeded: bits))
      default: output.append(bigEndian: bits)
      }
      if isLast { return }
    }
  }
}
