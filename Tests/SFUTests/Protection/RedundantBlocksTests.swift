import Media
import Testing
import Wire

@testable import SFU

@Suite struct RedundantBlocksTests {
  private func payload(_ earlier: [(UInt8, UInt16, [UInt8])], _ bytes: [UInt8]) -> [UInt8] {
    RedundantPayload(
      earlier: earlier.map { .init(payloadType: $0.0, timestampOffset: $0.1, bytes: $0.2) },
      payloadType: 111, bytes: bytes
    ).encoded
  }

  private func read(_ bytes: [UInt8]) -> RedundantBlocks? {
    var blocks = RedundantBlocks()
    return blocks.read(bytes.span, payloadType: 111) ? blocks : nil
  }

  @Test func `blocks lie where another writer put them`() throws {
    let bytes = payload([(111, 1920, [1, 2]), (111, 960, [3])], [4, 5, 6])
    let blocks = try #require(read(bytes))
    #expect(blocks.earlier.map(\.distance) == [2, 1])
    #expect(blocks.earlier.map(\.timestampOffset) == [1920, 960])
    #expect(blocks.earlier.map { Array(bytes[$0.range]) } == [[1, 2], [3]])
    #expect(Array(bytes[blocks.current]) == [4, 5, 6])
  }

  @Test func `empty blocks and those of other codecs are passed over, and count as packets`() throws
  {
    let bytes = payload([(111, 2880, [1]), (0, 1920, [2]), (111, 960, [])], [4])
    let blocks = try #require(read(bytes))
    #expect(blocks.earlier.map(\.distance) == [3])
    #expect(Array(bytes[blocks.current]) == [4])
  }

  @Test func `redundancy within redundancy is nothing`() {
    var nested = payload([], payload([(111, 960, [1])], [2]))
    nested[0] = 63
    #expect(read(nested) == nil)
    #expect(read(payload([(63, 960, payload([], [1]))], [2]))?.earlier.isEmpty == true)
  }

  @Test func `no cut of a payload reads past its end`() {
    let whole = payload([(111, 1920, [1, 2, 3]), (111, 960, [4, 5])], [6])
    for count in 0..<whole.count { #expect(read(Array(whole[..<count])) == nil, "\(count)") }
    #expect(read(whole) != nil)
  }

  @Test func `a length that lies, and a list without end, are nothing`() {
    #expect(read([0x80 | 111, 0x0f, 0x00 | 3, 0xff, 111, 1, 2, 3]) == nil)
    #expect(read([UInt8](repeating: 0xef, count: 1200)) == nil)
    let many = payload((1...9).reversed().map { (111, UInt16($0) * 960, [1]) }, [2])
    #expect(read(many) == nil)
    #expect(read([]) == nil)
  }

  @Test func `no bytes at all can do harm`() {
    var random = RandomSource.seeded(5)
    var blocks = RedundantBlocks()
    for _ in 0..<20_000 {
      let count = Int(random.next() % 40)
      var bytes = random.bytes(count)
      for place in stride(from: 0, to: min(count, 12), by: 4) {
        bytes[place] = 111 | bytes[place] & 0x80
      }
      let isRead = blocks.read(bytes.span, payloadType: 111)
      #expect(blocks.current.isEmpty == !isRead)
      #expect(blocks.earlier.allSatisfy { $0.range.upperBound <= blocks.current.lowerBound })
      #expect(blocks.current.upperBound <= count)
    }
  }
}
