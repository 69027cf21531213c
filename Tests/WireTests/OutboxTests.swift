import Testing
import Wire

@Suite struct OutboxTests {
  private static let path = Path(
    local: TransportAddress(ip: IPAddress(192, 0, 2, 1), port: 1),
    remote: TransportAddress(ip: IPAddress(192, 0, 2, 2), port: 2))

  @Test
  func `datagrams that are copied out and kept keep none of the memory, which stays as it is`() {
    let outbox = Outbox(byteCapacity: 1 << 20)
    let capacity = outbox.arena.capacity
    var kept: [[UInt8]] = []
    for number in 0..<100 as Range<UInt8> {
      outbox.append([number, 1, 2].span, on: Self.path)
      kept += outbox.datagrams.map { outbox.bytes(of: $0) }
      outbox.removeAll()
    }
    #expect(kept == (0..<100).map { [$0, 1, 2] })
    #expect(kept.allSatisfy { $0.capacity < 1000 })
    #expect(outbox.arena.capacity == capacity)
  }

  @Test func `each of several datagrams is copied out by itself`() {
    let outbox = Outbox()
    outbox.append([1, 2].span, on: Self.path)
    outbox.append([3].span, on: Self.path)
    #expect(outbox.datagrams.map { outbox.bytes(of: $0) } == [[1, 2], [3]])
  }
}
