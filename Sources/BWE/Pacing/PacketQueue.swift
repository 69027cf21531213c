import Wire

/// Packets in the order in which they came.
struct PacketQueue: Sendable {
  struct Item: Sendable {
    let packet: Int
    let byteCount: Int
    let since: Instant
  }

  private var items: [Item?] = []
  private var start = 0
  /// Bytes that wait.
  private(set) var byteCount = 0

  /// Packets that wait.
  var count: Int { items.count - start }

  /// Since when the first one waits.
  var oldest: Instant? { start < items.count ? items[start]?.since : nil }

  mutating func append(_ packet: Int, _ byteCount: Int, _ now: Instant) {
    items.append(Item(packet: packet, byteCount: byteCount, since: now))
    self.byteCount += byteCount
  }

  /// Takes out the first one.
  mutating func next() -> Item? {
    guard start < items.count, let item = items[start] else { return nil }
    items[start] = nil
    start += 1
    byteCount -= item.byteCount
    if start == items.count {
      items.removeAll(keepingCapacity: true)
      start = 0
    } else if start >= 64, start > items.count / 2 {
      items.removeFirst(start)
      start = 0
    }
    return item
  }
}
