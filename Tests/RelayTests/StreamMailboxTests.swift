import Net
import Synchronization
import Testing
import Wire

@testable import Relay

/// What readers of streams may leave for the relay (reliability row 43).
struct StreamMailboxTests {
  private final class Stream: RelayedStream {
    let local = TransportAddress(ip: IPAddress(192, 0, 2, 1), port: 443)
    let remote = TransportAddress(ip: IPAddress(198, 51, 100, 7), port: 5000)
    let isSecure = true
    let queuedByteCount = 0
    private let reads = Mutex(true)

    var isRead: Bool { reads.withLock { $0 } }
    func send(_ bytes: [UInt8]) -> Bool { true }
    func setReading(_ reads: Bool) { self.reads.withLock { $0 = reads } }
    func close() {}
  }

  /// Pieces of one byte, too: keeping them costs more than they are.
  @Test(arguments: [1, 1000, 16 << 10])
  func `a stream that is handed in faster than it is read is held, and then refused`(
    pieceSize: Int
  ) throws {
    let mailbox = StreamMailbox(signal: try LoopSignal())
    let (stream, other) = (Stream(), Stream())
    let piece = [UInt8](repeating: 0, count: pieceSize)
    let cost = pieceSize + StreamMailbox.pieceOverhead
    for _ in 0..<(StreamMailbox.maximumBytes / 2 / cost) {
      let isTaken = mailbox.post(piece, on: stream)
      #expect(isTaken && stream.isRead)
    }
    // What had been read when it was told to stop finds room still.
    let isTaken = mailbox.post(piece, on: stream)
    #expect(isTaken && !stream.isRead)
    var count = StreamMailbox.maximumBytes / 2 / cost + 1
    while mailbox.post(piece, on: stream) { count += 1 }
    #expect(count == StreamMailbox.maximumBytes / cost)
    let othersIsTaken = mailbox.post(piece, on: other)
    #expect(othersIsTaken && other.isRead)
    let (items, held) = mailbox.take()
    #expect(items.count == count + 1 && held == [ObjectIdentifier(stream)])
    let again = mailbox.post(piece, on: stream)
    #expect(again && mailbox.take().items.count == 1)
    mailbox.close()
    let late = mailbox.post(piece, on: stream)
    #expect(!late)
  }
}
