import Wire

/// Events by time; those of the same time in the order in which they were added.
struct EventHeap<Event> {
  private var items: [(time: Instant, order: Int, event: Event)] = []
  private var order = 0

  mutating func add(_ event: Event, at time: Instant) {
    order += 1
    items.append((time, order, event))
    var child = items.count - 1
    while child > 0, isBefore(child, (child - 1) / 2) {
      items.swapAt(child, (child - 1) / 2)
      child = (child - 1) / 2
    }
  }

  /// The first event not after `time`.
  mutating func next(until time: Instant) -> (Instant, Event)? {
    guard let first = items.first, first.time <= time else { return nil }
    let last = items.removeLast()
    if !items.isEmpty {
      items[0] = last
      sink()
    }
    return (first.time, first.event)
  }

  private mutating func sink() {
    var parent = 0
    while true {
      var least = parent
      for child in [2 * parent + 1, 2 * parent + 2] where child < items.count {
        if isBefore(child, least) { least = child }
      }
      guard least != parent else { return }
      items.swapAt(parent, least)
      parent = least
    }
  }

  private func isBefore(_ left: Int, _ right: Int) -> Bool {
    (items[left].time, items[left].order) < (items[right].time, items[right].order)
  }
}
