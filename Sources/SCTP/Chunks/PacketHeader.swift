internal import Wire

/// The common header (RFC 9260 §3.1).
struct PacketHeader: Hashable, Sendable {
  static let byteCount = 12

  var sourcePort: UInt16
  var destinationPort: UInt16
  /// Proves that the sender knows the association: the tag its receiver chose; 0 with INIT.
  var verificationTag: UInt32
  /// CRC32C of the packet with this field as zero, stored with its lowest byte first; or zero (RFC 9653).
  var checksum: UInt32 = 0

  /// Reads the twelve bytes; the chunks remain in `reader`.
  static func read(from reader: inout ByteReader) throws(Truncated) -> PacketHeader {
    let source = try reader.readUInt16()
    let destination = try reader.readUInt16()
    let tag = try reader.readUInt32()
    let checksum = try reader.readUInt32().byteSwapped
    return PacketHeader(
      sourcePort: source, destinationPort: destination, verificationTag: tag, checksum: checksum)
  }
}

extension OutputSpan<UInt8> {
  /// Begins a packet; the checksum stays zero until `setChecksum`.
  @_lifetime(self: copy self)
  mutating func append(_ header: PacketHeader) {
    append(bigEndian: header.sourcePort)
    append(bigEndian: header.destinationPort)
    append(bigEndian: header.verificationTag)
    append(bigEndian: header.checksum.byteSwapped)
  }

  /// Computes the checksum of the packet that was appended from the beginning on.
  @_lifetime(self: copy self)
  mutating func setChecksum() {
    let checksum = CRC32C.checksum(ofPacket: span)
    var bytes = mutableSpan
    for index in 0..<4 {
      bytes[8 + index] = UInt8(truncatingIfNeeded: checksum >> UInt32(8 * index))
    }
  }
}
