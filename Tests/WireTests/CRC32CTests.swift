import Testing
import Wire

/// Vectors of RFC 3720 B.4, and the check value every catalogue of CRCs has.
@Suite struct CRC32CTests {
  @Test(
    arguments: [
      ([UInt8](repeating: 0, count: 32), 0x8a91_36aa),
      ([UInt8](repeating: 0xff, count: 32), 0x62a8_ab43),
      (Array(0...0x1f), 0x46dd_794e),
      (Array((0...0x1f).reversed()), 0x113f_db5c),
      (Array("123456789".utf8), 0xe306_9283),
      ([], 0),
    ] as [([UInt8], UInt32)])
  func `known strings have their known check`(bytes: [UInt8], check: UInt32) {
    #expect(CRC32C.checksum(bytes.span) == check)
  }

  @Test func `a packet's own checksum field counts as zero`() {
    var packet = RandomSource.seeded(1).copyOfBytes(1200)
    let check = CRC32C.checksum(ofPacket: packet.span)
    for index in 8..<12 { packet[index] = 0 }
    #expect(CRC32C.checksum(packet.span) == check)
    #expect(CRC32C.checksum(ofPacket: packet.span) == check)
  }

  @Test func `what is shorter than a packet has no check`() {
    #expect(CRC32C.checksum(ofPacket: [UInt8](repeating: 1, count: 11).span) == 0)
  }

  @Test func `bytes one at a time give what eight at a time give`() {
    for count in 0...40 {
      let bytes = RandomSource.seeded(UInt64(count)).copyOfBytes(count)
      var remainder: UInt32 = 0xffff_ffff
      for byte in bytes {
        remainder ^= UInt32(byte)
        for _ in 0..<8 { remainder = remainder >> 1 ^ (remainder & 1 == 1 ? 0x82f6_3b78 : 0) }
      }
      #expect(CRC32C.checksum(bytes.span) == ~remainder)
    }
  }
}

extension RandomSource {
  fileprivate func copyOfBytes(_ count: Int) -> [UInt8] {
    var source = self
    return source.bytes(count)
  }
}
