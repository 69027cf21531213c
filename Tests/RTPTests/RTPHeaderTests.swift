import ByteFixtures
import RTP
import Testing
import Wire

@Suite struct RTPHeaderTests {
  @Test func `a header without anything optional`() throws {
    let packet = bytes("80e0 abcd 01020304 a1b2c3d4 ff")
    let header = try RTPHeader(parsing: packet.span)
    #expect(header.marker)
    #expect(!header.hasPadding)
    #expect(header.payloadType == 96)
    #expect(header.sequenceNumber == 0xabcd)
    #expect(header.timestamp == 0x0102_0304)
    #expect(header.ssrc == 0xa1b2_c3d4)
    #expect(header.byteCount == 12)
    #expect(header.extensionProfile == nil)
    #expect(try RTPPacket(parsing: packet.span).payloadRange == 12..<13)
  }

  @Test func `contributing sources and extension are measured`() throws {
    let packet = bytes("9260 0001 00000002 00000003 0000000a 0000000b bede0001 10aa0000 0102")
    let header = try RTPHeader(parsing: packet.span)
    #expect(header.contributingSourceCount == 2)
    #expect(header.contributingSource(0, in: packet.span) == 10)
    #expect(header.contributingSource(1, in: packet.span) == 11)
    #expect(header.contributingSource(2, in: packet.span) == nil)
    #expect(header.extensionProfile == 0xbede)
    #expect(header.extensionRange == 24..<28)
    #expect(header.byteCount == 28)
    #expect(header.extensionRange(id: 1, in: packet.span) == 25..<26)
  }

  @Test func `every truncation is refused`() {
    let packet = bytes("9260 0001 00000002 00000003 0000000a 0000000b bede0001 10aa0000")
    for count in 0..<packet.count {
      #expect(throws: RTPError.truncated) {
        _ = try RTPHeader(parsing: packet.span.extracting(first: count))
      }
    }
  }

  @Test(arguments: [0x00, 0x40, 0xc0] as [UInt8])
  func `another version is refused`(first: UInt8) {
    let packet = [first] + [UInt8](repeating: 0, count: 20)
    #expect(throws: RTPError.wrongVersion) { _ = try RTPHeader(parsing: packet.span) }
  }

  @Test func `padding is cut off`() throws {
    let packet = bytes("a060 0001 00000002 00000003 aabb 000003")
    let parsed = try RTPPacket(parsing: packet.span)
    #expect(parsed.payloadRange == 12..<14)
    #expect(parsed.paddingCount == 3)
    let padding = bytes("a060 0001 00000002 00000003 000003")
    #expect(try RTPPacket(parsing: padding.span).payloadRange.isEmpty)
  }

  @Test(arguments: ["", "00", "aabb00", "aabb04", "02", "ff"])
  func `a padding count that cannot be is refused`(body: String) {
    let packet = bytes("a060 0001 00000002 00000003" + body)
    #expect(throws: RTPError.badPadding) { _ = try RTPPacket(parsing: packet.span) }
  }

  @Test func `a header is written as it was read`() throws {
    var header = RTPHeader(
      payloadType: 111, sequenceNumber: 65535, timestamp: .max, ssrc: 7, marker: true)
    var extensions = RTPHeaderExtensionList()
    extensions.append(id: 3, value: 0x1234, byteCount: 2)
    let packet = written { header.write(extensions: extensions, into: &$0) }
    #expect(packet.count == RTPHeader.fixedByteCount + extensions.byteCount)
    let parsed = try RTPHeader(parsing: packet.span)
    #expect(parsed.payloadType == 111)
    #expect(parsed.sequenceNumber == 65535)
    #expect(parsed.timestamp == .max)
    #expect(parsed.marker)
    #expect(parsed.extensionRange(id: 3, in: packet.span) == 17..<19)
    header.payloadType = 255
    #expect(written { header.write(into: &$0) }[1] == 0xff)
  }

  @Test func `no bytes can trap`() {
    var random = RandomSource.seeded(3)
    for _ in 0..<20_000 {
      var packet = random.bytes(Int(random.next() % 64))
      if !packet.isEmpty { packet[0] = packet[0] & 0x3f | 0x80 }
      guard let parsed = try? RTPPacket(parsing: packet.span) else { continue }
      #expect(parsed.payloadRange.upperBound + parsed.paddingCount == packet.count)
      var reader = parsed.header.extensions(in: packet.span)
      while let element = reader.next() {
        #expect(element.range.upperBound <= parsed.header.extensionRange.upperBound)
      }
    }
  }
}
