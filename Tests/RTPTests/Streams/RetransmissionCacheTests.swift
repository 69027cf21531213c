import RTP
import Testing
import Wire

struct RetransmissionCacheTests {
  private func at(_ milliseconds: Int64) -> Instant { .zero + .milliseconds(milliseconds) }

  private func packet(_ number: Int, _ count: Int = 1000) -> RetransmissionCache.Packet {
    .init(
      payloadType: 96, marker: false, sequenceNumber: UInt16(truncatingIfNeeded: number),
      timestamp: 0, payload: [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: count),
      audioLevel: nil, videoOrientation: nil)
  }

  @Test func `packets, bytes and time are bounded`() {
    var cache = RetransmissionCache(
      limits: .init(packetCount: 100, byteCount: 50_500, age: .seconds(1)))
    for number in 0..<70_000 { cache.store(packet(number, 10), at: at(0)) }
    #expect(cache.packetCount == 100 && cache.byteCount == 1000)
    for number in 0..<200 { cache.store(packet(number), at: at(10)) }
    #expect(cache.packetCount == 50 && cache.byteCount == 50_000)
    #expect(cache.take(149, at: at(10), roundTrip: .zero) == nil)
    #expect(cache.take(150, at: at(10), roundTrip: .zero) == packet(150))
    #expect(cache.take(199, at: at(1011), roundTrip: .zero) == nil)
    cache.store(packet(200), at: at(1011))
    #expect(cache.packetCount == 1)
    cache.removeAll()
    #expect(cache.packetCount == 0 && cache.byteCount == 0)
  }

  @Test func `a number that is stored twice is held once`() {
    var cache = RetransmissionCache(limits: .init(packetCount: 3))
    for number in [1, 2, 1, 3, 1] { cache.store(packet(number, 10), at: at(0)) }
    #expect(cache.packetCount == 3 && cache.byteCount == 30)
    for number in [4, 5] { cache.store(packet(number, 10), at: at(0)) }
    #expect(cache.take(1, at: at(0), roundTrip: .zero) != nil)
    #expect(cache.take(2, at: at(0), roundTrip: .zero) == nil)
    #expect(cache.take(3, at: at(0), roundTrip: .zero) == nil)
  }

  @Test func `a packet is repeated eight times at most, and once a round trip`() {
    var cache = RetransmissionCache()
    cache.store(packet(7), at: at(0))
    var times: [Int64] = []
    for now in 0..<2900 as Range<Int64> {
      if cache.take(7, at: at(now), roundTrip: .milliseconds(100)) != nil { times.append(now) }
    }
    #expect(times == [0, 100, 200, 300, 400, 500, 600, 700])
  }

  @Test func `row 34: asking for every number in a loop brings a half of the stream`() {
    var cache = RetransmissionCache()
    var sent = 0
    var repeated = 0
    var copies: [UInt16: Int] = [:]
    for number in 0..<2000 {
      let now = at(Int64(number) * 5)
      cache.store(packet(number), at: now)
      sent += 1000
      // All numbers in turn, and those that are there again and again.
      let asked = Array(max(0, number - 150)...number) + (0..<50).map { number * 50 + $0 }
      for number in asked.map({ UInt16(truncatingIfNeeded: $0) }) {
        guard let packet = cache.take(number, at: now, roundTrip: .milliseconds(20)) else {
          continue
        }
        repeated += packet.payload.count
        copies[number, default: 0] += 1
      }
    }
    #expect(repeated <= sent / 2 + RetransmissionCache.allowance)
    #expect(repeated > sent * 2 / 5)
    #expect(copies.values.max() ?? 0 <= RetransmissionCache.repeatLimit)
  }
}
