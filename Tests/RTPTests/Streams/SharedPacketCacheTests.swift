import ByteFixtures
import RTP
import Testing
import Wire

@Suite struct SharedPacketCacheTests {
  private func at(_ milliseconds: Int64) -> Instant { .zero + .milliseconds(milliseconds) }

  private func packet(_ index: Int64) -> SharedPacketCache.Packet {
    .init(index: index, payloadType: 96, marker: index % 3 == 0, timestamp: UInt32(index) * 100)
  }

  /// A payload that shows whose it is.
  private func payload(_ index: Int64, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: Int(index) &* 31 &+ $0) }
  }

  private func store(_ index: Int64, _ count: Int, _ cache: inout SharedPacketCache, _ now: Int64) {
    let bytes = payload(index, count)
    cache.store(packet(index), payload: bytes.span, at: at(now))
  }

  private func read(_ index: Int64, _ cache: SharedPacketCache, _ now: Int64) -> [UInt8]? {
    var isThere = false
    let bytes = written { isThere = cache.appendPayload(at: index, now: at(now), to: &$0) }
    return isThere ? bytes : nil
  }

  @Test func `what is kept comes back whole, and the oldest goes first`() {
    for seed in 0..<3 as Range<UInt64> {
      var random = RandomSource.seeded(seed)
      var cache = SharedPacketCache(
        limits: .init(packetCount: 200, byteCount: 50_000, age: .seconds(1)))
      var counts: [Int64: Int] = [:]
      for index in 0..<600 as Range<Int64> {
        let count = Int.random(in: 0...1300, using: &random)
        counts[index] = count
        store(index, count, &cache, index)
        guard index % 10 == 0 else { continue }
        var isGone = false
        for back in stride(from: index, through: max(0, index - 300), by: -1) {
          let found = read(back, cache, index)
          if let found {
            #expect(!isGone || found.isEmpty)
            #expect(found == payload(back, counts[back] ?? 0))
            #expect(cache.packet(at: back, now: at(index)) == packet(back))
          } else {
            isGone = true
            #expect(index - back > 20)
          }
        }
        #expect(cache.byteCapacity <= 50_000)
      }
    }
  }

  @Test func `the ring is only as large as what may be asked for`() {
    var cache = SharedPacketCache(limits: .init(age: .milliseconds(200)))
    #expect(cache.byteCapacity == 0)
    for index in 0..<2000 as Range<Int64> { store(index, 1000, &cache, index * 10) }
    #expect(cache.byteCapacity <= 64 << 10)
    #expect(read(1980, cache, 19_990) == payload(1980, 1000))
    #expect(read(1978, cache, 19_990) == nil)
  }

  @Test func `a late packet is kept, and pushes no newer one out`() {
    var cache = SharedPacketCache(limits: .init(packetCount: 16))
    for index in [1, 2, 4, 20, 3] as [Int64] { store(index, 10, &cache, 0) }
    #expect(read(3, cache, 0) == payload(3, 10))
    #expect(read(4, cache, 0) == nil)
    store(4, 10, &cache, 0)
    #expect(read(4, cache, 0) == nil && read(20, cache, 0) == payload(20, 10))
    #expect(read(1000, cache, 0) == nil)
  }

  @Test func `a payload that is too long is not kept, nor written where there is no room`() {
    var cache = SharedPacketCache(limits: .init(byteCount: 100))
    store(1, 101, &cache, 0)
    #expect(read(1, cache, 0) == nil)
    store(2, 100, &cache, 0)
    #expect(read(2, cache, 0)?.count == 100)
    var isThere = true
    let bytes = written(capacity: 99) {
      isThere = cache.appendPayload(at: 2, now: at(0), to: &$0)
    }
    #expect(!isThere && bytes.isEmpty)
  }

  @Test func `a packet for fifty viewers is in memory once`() {
    var cache = SharedPacketCache()
    var ledgers = [RepairLedger](repeating: RepairLedger(), count: 50)
    let count: Int64 = 600
    for index in 0..<count {
      store(index, 1100, &cache, index * 2)
      for viewer in ledgers.indices {
        ledgers[viewer].note(
          .init(input: 1, index: index, timestamp: UInt32(viewer), marker: false),
          sequenceNumber: UInt16(truncatingIfNeeded: Int(index) + viewer * 1000), byteCount: 1100,
          at: at(index * 2))
      }
    }
    for viewer in ledgers.indices {
      let number = UInt16(truncatingIfNeeded: Int(count) - 7 + viewer * 1000)
      let found = ledgers[viewer].take(number, at: at(count * 2), roundTrip: .zero)
      #expect(found?.timestamp == UInt32(viewer))
      #expect(found.flatMap { read($0.index, cache, count * 2) } == payload(count - 7, 1100))
    }
    let own = ledgers.reduce(0) { $0 + $1.byteCapacity }
    #expect(cache.byteCapacity <= 1 << 20)
    #expect(own <= 50 * (72 << 10))
  }
}
