/// The streams that have something to send, least virtual finishing time first: weighted fair queueing
/// (RFC 8260 §3.6), for which the time is that of the stream in service.
struct StreamSchedule: Sendable {
  struct Turn: Sendable {
    let stream: Int
    /// Virtual time at which what it sends next would be done.
    let finish: UInt64
    /// Among equals, the one that came first.
    let order: UInt64

    func isBefore(_ other: Turn) -> Bool {
      finish != other.finish ? finish < other.finish : order < other.order
    }
  }

  private var heap: [Turn] = []
  private var order: UInt64 = 0
  private(set) var virtualTime: UInt64 = 0

  var first: Turn? { heap.first }

  /// What `byteCount` bytes of a stream cost in virtual time.
  static func cost(of byteCount: Int, priority: UInt16) -> UInt64 {
    (UInt64(clamping: byteCount) << 16) / UInt64(max(priority, 1))
  }

  mutating func insert(_ stream: Int, finish: UInt64) {
    order &+= 1
    heap.append(Turn(stream: stream, finish: finish, order: order))
    var child = heap.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      guard heap[child].isBefore(heap[parent]) else { return }
      heap.swapAt(child, parent)
      child = parent
    }
  }

  /// Takes the first one out; where it is served, virtual time moves on to its end.
  mutating func removeFirst(isServed: Bool) {
    guard let first = heap.first else { return }
    if isServed { virtualTime = max(virtualTime, first.finish) }
    heap.swapAt(0, heap.count - 1)
    heap.removeLast()
    var parent = 0
    while true {
      var least = parent
      for child in (2 * parent + 1)...(2 * parent + 2)
      where child < heap.count && heap[child].isBefore(heap[least]) {
        least = child
      }
      guard least != parent else { return }
      heap.swapAt(parent, least)
      parent = least
    }
  }
}
