import ByteFixtures
import RTP
import Testing
import Wire

@Suite struct RTPHeaderExtensionTests {
  /// The elements of a packet whose extension has `profile` and `body`.
  private func elements(_ profile: String, _ body: String) throws -> [String] {
    let data = bytes(body)
    let padded = data + [UInt8](repeating: 0, count: (4 - data.count % 4) % 4)
    let packet =
      bytes("9060 0001 00000002 00000003" + profile) + [0, UInt8(padded.count / 4)] + padded
    var found: [String] = []
    var reader = try RTPHeader(parsing: packet.span).extensions(in: packet.span)
    while let element = reader.next() {
      let value = packet[element.range].map { String($0, radix: 16) }
      found.append("\(element.id): \(value.joined(separator: " "))")
    }
    return found
  }

  @Test func `one-byte elements with padding between them`() throws {
    #expect(try elements("bede", "10aa 0000 21bbcc 00") == ["1: aa", "2: bb cc"])
    #expect(try elements("bede", "e0aa") == ["14: aa"])
  }

  @Test func `two-byte elements may be empty`() throws {
    for profile in ["1000", "1005", "100f"] {
      #expect(try elements(profile, "0101aa 00 0200 ff02bbcc") == ["1: aa", "2: ", "255: bb cc"])
    }
  }

  @Test func `the walk ends at id 15`() throws {
    #expect(try elements("bede", "10aa f0bb 20cc") == ["1: aa"])
  }

  @Test func `the walk ends at id 0 with a length`() throws {
    #expect(try elements("bede", "10aa 02 20cc 20cc") == ["1: aa"])
  }

  @Test func `the walk ends at a length past the end`() throws {
    #expect(try elements("bede", "10aa 2fcc") == ["1: aa"])
    #expect(try elements("1000", "0101aa 02ffcc") == ["1: aa"])
    #expect(try elements("1000", "0101aa 02") == ["1: aa"])
  }

  @Test func `another profile has no elements`() throws {
    for profile in ["0000", "abcd", "1010", "bedf"] {
      #expect(try elements(profile, "10aa").isEmpty)
    }
  }

  @Test func `the one-byte form is taken where it fits`() throws {
    var list = RTPHeaderExtensionList()
    #expect(list.byteCount == 0)
    #expect(list.append(id: 1, [1].span) == true)
    #expect(list.append(id: 14, [UInt8](repeating: 7, count: 16).span) == true)
    let header = RTPHeader(payloadType: 96, sequenceNumber: 1, timestamp: 2, ssrc: 3)
    let packet = written { header.write(extensions: list, into: &$0) }
    let parsed = try RTPHeader(parsing: packet.span)
    #expect(parsed.extensionProfile == 0xbede)
    #expect(parsed.byteCount == packet.count)
    #expect(packet.count == 12 + list.byteCount)
    #expect(parsed.extensionRange(id: 14, in: packet.span).map { packet[$0].count } == 16)
  }

  @Test(arguments: [(15, 1), (1, 0), (1, 17), (255, 255)])
  func `the two-byte form is taken where it is needed`(id: UInt8, count: Int) throws {
    var list = RTPHeaderExtensionList()
    #expect(list.append(id: 3, value: 0x0102_03, byteCount: 3) == true)
    #expect(list.append(id: id, [UInt8](repeating: 9, count: count).span) == true)
    let header = RTPHeader(payloadType: 96, sequenceNumber: 1, timestamp: 2, ssrc: 3)
    let packet = written { header.write(extensions: list, into: &$0) }
    let parsed = try RTPHeader(parsing: packet.span)
    #expect(parsed.extensionProfile == 0x1000)
    #expect(packet.count == 12 + list.byteCount)
    #expect(parsed.extensionRange(id: 3, in: packet.span).map { Array(packet[$0]) } == [1, 2, 3])
    #expect(parsed.extensionRange(id: id, in: packet.span)?.count == count)
  }

  @Test func `what cannot be written is left out`() {
    var list = RTPHeaderExtensionList()
    #expect(list.append(id: 0, [1].span) == false)
    #expect(list.append(id: 1, [UInt8](repeating: 0, count: 256).span) == false)
    #expect(list.append(id: 1, value: 1, byteCount: 9) == false)
    while list.append(id: 1, [UInt8](repeating: 0, count: 100).span) {}
    #expect(list.byteCount <= RTPHeaderExtensionList.maximumByteCount + 4)
    list.removeAll()
    #expect(list.isEmpty)
  }
}
