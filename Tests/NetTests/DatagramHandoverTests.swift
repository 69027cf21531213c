import Net
import Testing
import Wire

struct DatagramHandoverTests {
  private static func path(_ port: UInt16) -> Path {
    Path(
      local: TransportAddress(ip: IPAddress(127, 0, 0, 1), port: 7880),
      remote: TransportAddress(ip: IPAddress(v6High: 1, low: 2), port: port))
  }

  /// A slab with datagrams of one, two, three… bytes.
  private static func slab(_ count: Int) -> ReceiveSlab {
    var slab = ReceiveSlab(slotCount: count)
    for index in 0..<count {
      let bytes = [UInt8](repeating: UInt8(index), count: index + 1)
      let hasRoom = slab.append(bytes.span, on: path(UInt16(1000 + index)))
      #expect(hasRoom)
    }
    return slab
  }

  @Test func `what is put is taken in order, with its path and who read it`() throws {
    let handover = try DatagramHandover()
    let slab = Self.slab(5)
    handover.put([1, 3], of: slab, reader: 7)
    handover.put([4], of: slab, reader: 8)
    var batch = DatagramBatch()
    handover.take(&batch)
    #expect((0..<batch.count).map { batch.reader(of: $0) } == [7, 7, 8])
    var mine = ReceiveSlab(slotCount: 4)
    for index in 0..<batch.count {
      let hasRoom = batch.copy(index, into: &mine)
      #expect(hasRoom)
    }
    for (slot, original) in [1, 3, 4].enumerated() {
      #expect(mine.path(ofSlot: slot) == Self.path(UInt16(1000 + original)))
      let bytes = mine.datagram(slot)
      #expect(bytes.count == original + 1 && bytes.indices.allSatisfy { bytes[$0] == original })
    }
    handover.take(&batch)
    #expect(batch.isEmpty)
  }

  @Test func `beyond the bound the newest are dropped and counted`() throws {
    let handover = try DatagramHandover(limit: 3)
    let slab = Self.slab(5)
    handover.put([0, 1, 2, 3, 4], of: slab, reader: 0)
    #expect(handover.droppedCount == 2)
    var batch = DatagramBatch()
    handover.take(&batch)
    #expect(batch.count == 3)
    handover.put([0], of: slab, reader: 0)
    handover.take(&batch)
    #expect(batch.count == 1)
  }

  @Test func `a slab takes no more than it has slots, and no datagram longer than a slot`() {
    var slab = ReceiveSlab(slotCount: 1)
    let long = [UInt8](repeating: 0, count: ReceiveSlab.slotSize + 1)
    let takesLong = slab.append(long.span, on: Self.path(1))
    let takesOne = slab.append([1].span, on: Self.path(1))
    let takesTwo = slab.append([1].span, on: Self.path(1))
    #expect([takesLong, takesOne, takesTwo] == [false, true, false])
    slab.drop(0)
    #expect(slab.byteCount(inSlot: 0) == 0 && slab.count == 1)
  }
}
