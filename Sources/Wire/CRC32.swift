/// The 32-bit cyclic redundancy check of ITU V.42 (polynomial 0x04C11DB7, reflected), as STUN's
/// FINGERPRINT uses it.
public enum CRC32 {
  /// The check of `bytes`.
  public static func checksum(_ bytes: Span<UInt8>) -> UInt32 {
    var remainder: UInt32 = 0xffff_ffff
    for index in bytes.indices {
      let entry = Int(UInt8(truncatingIfNeeded: remainder) ^ bytes[index])
      remainder = remainder >> 8 ^ table[entry]
    }
    return ~remainder
  }

  private static let table: [UInt32] = (0..<256).map { byte in
    (0..<8).reduce(UInt32(byte)) { entry, _ in
      entry & 1 == 1 ? entry >> 1 ^ 0xedb8_8320 : entry >> 1
    }
  }
}
