import Wire

/// When each connection is due: a heap in which every connection has at most one place, so that a turn costs what is
/// due in it and not what lives on the engine.
struct Timetable {
  private struct Entry {
    var instant: Instant
    let key: ConnectionKey
  }

  private var entries: [Entry] = []
  private var places: [ConnectionKey: Int] = [:]

  /// The earliest of all.
  var earliest: Instant? { entries.first?.instant }

  /// Says when a connection is due; nil takes it off.
  mutating func set(_ key: ConnectionKey, to instant: Instant?) {
    switch (places[key], instant) {
    case (nil, nil): break
    case (let place?, let instant?):
      guard entries[place].instant != instant else { return }
      entries[place].instant = instant
      settle(place)
    case (nil, let instant?):
      entries.append(Entry(instant: instant, key: key))
      places[key] = entries.count - 1
      settle(entries.count - 1)
    case (let place?, nil):
      swap(place, entries.count - 1)
      entries.removeLast()
      places[key] = nil
      if place < entries.count { settle(place) }
    }
  }

  /// Takes off the first that is due by `now`.
  mutating func takeDue(by now: Instant) -> ConnectionKey? {
    guard let first = entries.first, first.instant <= now else { return nil }
    set(first.key, to: nil)
    return first.key
  }

  private mutating func settle(_ start: Int) {
    var place = start
    while place > 0, entries[place].instant < entries[(place - 1) / 2].instant {
      swap(place, (place - 1) / 2)
      place = (place - 1) / 2
    }
    while true {
      let children = (2 * place + 1..<2 * place + 3).clamped(to: 0..<entries.count)
      guard let least = children.min(by: { entries[$0].instant < entries[$1].instant }),
        entries[least].instant < entries[place].instant
      else { return }
      swap(place, least)
      place = least
    }
  }

  private mutating func swap(_ one: Int, _ other: Int) {
    guard one != other else { return }
    entries.swapAt(one, other)
    places[entries[one].key] = one
    places[entries[other].key] = other
  }
}
