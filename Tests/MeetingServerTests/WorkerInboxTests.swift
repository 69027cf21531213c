import Net
import Testing
import Wire

@testable import MeetingServer

/// What other workers leave for one that is behind.
struct WorkerInboxTests {
  private static func path(_ number: Int) -> Path {
    Path(
      local: TransportAddress(ip: IPAddress(127, 0, 0, 1), port: 7880),
      remote: TransportAddress(ip: IPAddress(v4: UInt32(number)), port: 9))
  }

  @Test func `datagrams beyond the bound are dropped and counted, until it has caught up`() throws {
    let inbox = try WorkerInbox()
    var slab = ReceiveSlab(slotCount: 128)
    for number in 0..<128 {
      let hasRoom = slab.append([7].span, on: Self.path(number))
      #expect(hasRoom)
    }
    for _ in 0..<20 { inbox.datagrams.put(Array(0..<128), of: slab, reader: 1) }
    #expect(inbox.datagrams.droppedCount == 20 * 128 - 2048)
    var batch = DatagramBatch()
    inbox.datagrams.take(&batch)
    #expect(batch.count == 2048)
    inbox.datagrams.put([0], of: slab, reader: 1)
    inbox.datagrams.take(&batch)
    #expect(batch.count == 1 && inbox.datagrams.droppedCount == 20 * 128 - 2048)
  }

  @Test func `what is told of paths is bounded, and the first is kept`() throws {
    let inbox = try WorkerInbox()
    for number in 0..<1500 { inbox.tell(Self.path(number), worker: number % 4) }
    let told = inbox.takeTold()
    #expect(told.count == 1024)
    #expect(told.indices.allSatisfy { told[$0].path == Self.path($0) && told[$0].worker == $0 % 4 })
    inbox.tell(Self.path(1), worker: 3)
    #expect(inbox.takeTold().count == 1)
  }
}
