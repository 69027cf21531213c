import Wire

/// A page of an Ogg stream (RFC 3533 §6).
///
///      0                   1                   2                   3
///     | capture pattern "OggS"                                        |
///     | version       | flags         | granule position              |
///     |                                                               |
///     |                               | serial number                 |
///     |                               | page number                   |
///     |                               | checksum                      |
///     |                               | segments      | segment table |
struct OggPage: Equatable {
  static let headerByteCount = 27
  static let continuesPacket: UInt8 = 1
  static let startsStream: UInt8 = 2
  static let endsStream: UInt8 = 4
  /// The granule position of a page no packet ends on.
  static let noGranule = UInt64.max

  var flags: UInt8 = 0
  /// At the end of the last packet that ends here; samples at 48 kHz in Opus.
  var granule: UInt64 = noGranule
  var serial: UInt32
  var number: UInt32
  /// Lengths of segments: a packet goes on where one has 255 bytes.
  var segments: [UInt8] = []
  var payload: [UInt8] = []

  /// Reads the page at the start of `bytes` and tells how long it is; nil where more bytes are needed.
  static func parse(_ bytes: Span<UInt8>) throws(MediaFileError) -> (OggPage, count: Int)? {
    for (index, byte) in "OggS\0".utf8.enumerated() where index < bytes.count {
      guard bytes[index] == byte else { throw index == 4 ? .unsupported : .notThisFormat }
    }
    var reader = FieldReader(bytes)
    do throws(MediaFileError) {
      try reader.skip(5)
      let flags = try reader.readUInt8()
      let granule = try reader.readUInt64()
      let serial = try reader.readUInt32()
      let number = try reader.readUInt32()
      let checksum = try reader.readUInt32()
      let segmentCount = Int(try reader.readUInt8())
      let table = try reader.take(segmentCount)
      let segments = [UInt8](capacity: segmentCount) { $0.append(copying: table) }
      let payloadCount = segments.reduce(0) { $0 + Int($1) }
      let data = try reader.take(payloadCount)
      let payload = [UInt8](capacity: payloadCount) { $0.append(copying: data) }
      let page = OggPage(
        flags: flags, granule: granule, serial: serial, number: number, segments: segments,
        payload: payload)
      let count = bytes.count - reader.remainingCount
      guard OggChecksum.of(bytes.extracting(first: count)) == checksum else {
        throw .corrupt
      }
      return (page, count)
    } catch {
      guard error == .truncated else { throw error }
      return nil
    }
  }

  var bytes: [UInt8] {
    let count = Self.headerByteCount + segments.count + payload.count
    var page = [UInt8](capacity: count) { output in
      for byte in "OggS\0".utf8 { output.append(byte) }
      output.append(flags)
      output.append(littleEndian: granule)
      output.append(littleEndian: serial)
      output.append(littleEndian: number)
      output.append(littleEndian: 0 as UInt32)
      output.append(UInt8(clamping: segments.count))
      output.append(copying: segments.span)
      output.append(copying: payload.span)
    }
    let checksum = OggChecksum.of(page.span)
    for index in 0..<4 { page[22 + index] = UInt8(truncatingIfNeeded: checksum >> (8 * index)) }
    return page
  }
}

/// The cyclic redundancy check of a page (RFC 3533 §6): polynomial 0x04C11DB7, not reflected, from zero.
enum OggChecksum {
  /// The check of a page, whose own checksum counts as zero.
  static func of(_ page: Span<UInt8>) -> UInt32 {
    var remainder: UInt32 = 0
    for index in page.indices {
      let byte = (22..<26).contains(index) ? 0 : page[index]
      remainder = remainder << 8 ^ table[Int(UInt8(truncatingIfNeeded: remainder >> 24) ^ byte)]
    }
    return remainder
  }

  private static let table: [UInt32] = (0..<256).map { byte in
    (0..<8).reduce(UInt32(byte) << 24) { entry, _ in
      entry >> 31 == 1 ? entry << 1 ^ 0x04c1_1db7 : entry << 1
    }
  }
}
