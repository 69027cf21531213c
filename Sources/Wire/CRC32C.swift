/// The 32-bit cyclic redundancy check of Castagnoli (polynomial 0x1EDC6F41, reflected), as SCTP uses
/// it (RFC 9260 §6.8 and appendix A).
public enum CRC32C {
  /// The check of `bytes`.
  public static func checksum(_ bytes: Span<UInt8>) -> UInt32 {
    ~update(0xffff_ffff, with: bytes)
  }

  /// The check of an SCTP packet with its own checksum field, bytes 8 to 11, taken as zero; 0 where
  /// the packet is shorter than its header.
  public static func checksum(ofPacket packet: Span<UInt8>) -> UInt32 {
    guard packet.count >= 12 else { return 0 }
    var remainder = update(0xffff_ffff, with: packet.extracting(first: 8))
    let zeros: [4 of UInt8] = [0, 0, 0, 0]
    remainder = update(remainder, with: zeros.span)
    return ~update(remainder, with: packet.extracting(droppingFirst: 12))
  }

  /// Eight bytes at a time, each through its own table: the look-ups do not wait for each other.
  private static func update(_ start: UInt32, with bytes: Span<UInt8>) -> UInt32 {
    var remainder = start
    let tables = tables.span
    var index = 0
    while index &+ 8 <= bytes.count {
      let low = remainder ^ word(bytes, index)
      let high = word(bytes, index &+ 4)
      remainder = tables[1792 + Int(low & 255)] ^ tables[1536 + Int(low >> 8 & 255)]
      remainder ^= tables[1280 + Int(low >> 16 & 255)] ^ tables[1024 + Int(low >> 24)]
      remainder ^= tables[768 + Int(high & 255)] ^ tables[512 + Int(high >> 8 & 255)]
      remainder ^= tables[256 + Int(high >> 16 & 255)] ^ tables[Int(high >> 24)]
      index &+= 8
    }
    while index < bytes.count {
      remainder = remainder >> 8 ^ tables[Int(UInt8(truncatingIfNeeded: remainder) ^ bytes[index])]
      index &+= 1
    }
    return remainder
  }

  @inline(__always)
  private static func word(_ bytes: Span<UInt8>, _ index: Int) -> UInt32 {
    UInt32(bytes[index]) | UInt32(bytes[index &+ 1]) << 8 | UInt32(bytes[index &+ 2]) << 16
      | UInt32(bytes[index &+ 3]) << 24
  }

  /// Table n, of eight, tells what a byte does to the remainder n bytes later.
  private static let tables: [UInt32] = {
    var tables: [UInt32] = []
    for byte in 0..<256 {
      var entry = UInt32(byte)
      for _ in 0..<8 { entry = entry & 1 == 1 ? entry >> 1 ^ 0x82f6_3b78 : entry >> 1 }
      tables.append(entry)
    }
    for index in 256..<2048 {
      let previous = tables[index - 256]
      tables.append(previous >> 8 ^ tables[Int(previous & 255)])
    }
    return tables
  }()
}
