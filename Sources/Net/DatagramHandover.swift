import Synchronization
import Wire

/// Datagrams that one loop read and another one has to handle, in the order they came.
///
/// Any thread puts; the owner's loop watches `signal` and takes all that wait at once. What would wait beyond the
/// bound is dropped and counted, as a full socket buffer does.
public final class DatagramHandover: Sendable {
  /// Raised while something waits.
  public let signal: LoopSignal
  private let limit: Int
  private let state = Mutex(State())

  private struct State {
    var waiting = DatagramBatch()
    var dropped: UInt64 = 0
  }

  /// A handover in which at most `limit` datagrams wait.
  public init(limit: Int = 2048) throws(SystemError) {
    signal = try LoopSignal()
    self.limit = limit
  }

  /// Datagrams that were dropped because the owner was behind.
  public var droppedCount: UInt64 { state.withLock { $0.dropped } }

  /// Puts copies of the datagrams in some slots of a slab. `reader` tells the owner who read them.
  public func put(_ slots: [Int], of slab: borrowing ReceiveSlab, reader: Int) {
    guard !slots.isEmpty else { return }
    let wasEmpty = slab.withBytes { bytes in
      state.withLock { state in
        let wasEmpty = state.waiting.isEmpty
        for slot in slots {
          guard state.waiting.count < limit else {
            state.dropped &+= 1
            continue
          }
          let start = slot * ReceiveSlab.slotSize
          state.waiting.append(
            bytes.extracting(start..<start + slab.byteCount(inSlot: slot)),
            on: slab.path(ofSlot: slot), reader: reader)
        }
        return wasEmpty
      }
    }
    if wasEmpty { signal.raise() }
  }

  /// Gives all that waits in exchange for an emptied batch, whose memory is used again.
  public func take(_ batch: inout DatagramBatch) {
    batch.removeAll()
    signal.clear()
    state.withLock { swap(&$0.waiting, &batch) }
  }
}

/// Datagrams in one piece of memory, each with the path it came by.
public struct DatagramBatch: Sendable {
  private struct Entry {
    let start: Int
    let byteCount: Int
    let path: Path
    let reader: Int
  }

  private var arena: [UInt8] = []
  private var entries: [Entry] = []

  /// None yet.
  public init() {}

  /// How many there are.
  public var count: Int { entries.count }
  /// Whether there are none.
  public var isEmpty: Bool { entries.isEmpty }

  /// Who read the datagram at `index`.
  public func reader(of index: Int) -> Int { entries[index].reader }

  mutating func append(_ bytes: Span<UInt8>, on path: Path, reader: Int) {
    entries.append(Entry(start: arena.count, byteCount: bytes.count, path: path, reader: reader))
    arena.append(addingCapacity: bytes.count) { $0.append(copying: bytes) }
  }

  mutating func removeAll() {
    arena.removeAll(keepingCapacity: true)
    entries.removeAll(keepingCapacity: true)
  }

  /// Copies the datagram at `index` into the next free slot of a slab. False where there is none.
  public func copy(_ index: Int, into slab: inout ReceiveSlab) -> Bool {
    let entry = entries[index]
    return slab.append(
      arena.span.extracting(entry.start..<entry.start + entry.byteCount), on: entry.path)
  }
}
