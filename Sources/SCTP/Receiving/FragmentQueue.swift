internal import Wire

/// Why data cannot be put together: the other side breaks the protocol.
enum ReassemblyFailure: Error, Hashable, Sendable {
  case messageTooLong
  case protocolViolation
}

/// Where a fragment belongs: its message, and its place in it.
///
/// In I-DATA these are message identifier and fragment number. In DATA they are the stream sequence
/// number, none where unordered, and the TSN. All are unwrapped.
struct FragmentPlace: Hashable, Comparable, Sendable {
  var message: Int64
  var part: Int64

  static func < (left: Self, right: Self) -> Bool {
    left.message == right.message ? left.part < right.part : left.message < right.message
  }

  var next: FragmentPlace { FragmentPlace(message: message, part: part &+ 1) }
}

/// Puts the fragments of one stream's ordered, or of its unordered, messages together.
///
/// What comes in order is appended to the message that is being built, without a copy in between; the
/// rest waits, sorted by place.
struct FragmentQueue: Sendable {
  /// The message that is being built: a beginning and all that followed it so far.
  private struct Open {
    var next: FragmentPlace
    var identifier: PayloadProtocolIdentifier
    var bytes: [UInt8]
  }

  private struct Waiting {
    var place: FragmentPlace
    var flags: DataHeader.Flags
    var identifier: PayloadProtocolIdentifier
    var bytes: [UInt8]
  }

  /// What a fragment costs besides its bytes. It bounds the number of fragments along with the bytes.
  static let overhead = 64

  let stream: UInt16
  let isOrdered: Bool
  /// Where ordered, the message that is to be delivered next; otherwise the newest one seen.
  private(set) var nextMessage: Int64 = 0
  private var open: Open?
  private var waiting: [Waiting] = []
  /// Bytes that are held, with what holding them costs.
  private(set) var heldBytes = 0

  init(stream: UInt16, isOrdered: Bool) {
    self.stream = stream
    self.isOrdered = isOrdered
  }

  /// Whether nothing is held.
  var isEmpty: Bool { open == nil && waiting.isEmpty }

  /// Takes a fragment, and hands over the messages that are whole with it.
  mutating func insert(
    _ header: DataHeader, at place: FragmentPlace, _ payload: Span<UInt8>, limit: Int,
    _ events: inout [SCTPAssociation.Event]
  ) throws(ReassemblyFailure) {
    guard payload.count <= limit else { throw .messageTooLong }
    // A whole message whose turn it is never waits.
    if open == nil, header.flags.isSuperset(of: [.beginning, .end]), isDue(place) {
      deliver(header.identifier, [UInt8](copying: payload), &events)
      if isOrdered { try completeOrdered(limit, &events) }
      return
    }
    if let next = open?.next, next == place {
      try extend(header.flags, payload, limit)
    } else if open == nil, header.flags.contains(.beginning), isDue(place) {
      open = Open(
        next: place.next, identifier: header.identifier, bytes: [UInt8](copying: payload))
      heldBytes += payload.count + Self.overhead
    } else {
      try wait(header, place, payload, limit, &events)
      return
    }
    if header.flags.contains(.end) {
      try completeOpen(limit, &events)
    } else {
      try absorb(limit, &events)
    }
  }

  private func deliver(
    _ identifier: PayloadProtocolIdentifier, _ payload: [UInt8],
    _ events: inout [SCTPAssociation.Event]
  ) {
    events.append(
      .message(SCTPMessage(stream: stream, identifier: identifier, payload: payload)))
  }

  private func isDue(_ place: FragmentPlace) -> Bool {
    !isOrdered || place.message == nextMessage
  }

  private mutating func extend(
    _ flags: DataHeader.Flags, _ payload: Span<UInt8>, _ limit: Int
  ) throws(ReassemblyFailure) {
    guard !flags.contains(.beginning) else { throw .protocolViolation }
    guard let count = open?.bytes.count, count + payload.count <= limit else {
      throw .messageTooLong
    }
    open?.bytes.append(addingCapacity: payload.count) { $0.append(copying: payload) }
    open?.next.part &+= 1
    heldBytes += payload.count
  }

  /// The open message has its end.
  private mutating func completeOpen(
    _ limit: Int, _ events: inout [SCTPAssociation.Event]
  ) throws(ReassemblyFailure) {
    deliverOpen(&events)
    if isOrdered { try completeOrdered(limit, &events) }
  }

  private mutating func deliverOpen(_ events: inout [SCTPAssociation.Event]) {
    guard let message = open.take() else { return }
    heldBytes -= message.bytes.count + Self.overhead
    deliver(message.identifier, message.bytes, &events)
  }

  /// The message whose turn it was has been delivered.
  private mutating func completeOrdered(
    _ limit: Int, _ events: inout [SCTPAssociation.Event]
  ) throws(ReassemblyFailure) {
    nextMessage += 1
    try absorb(limit, &events)
  }

  /// Goes on with what has waited.
  private mutating func absorb(
    _ limit: Int, _ events: inout [SCTPAssociation.Event]
  ) throws(ReassemblyFailure) {
    guard !waiting.isEmpty else { return }
    var first = 0
    if !isOrdered {
      guard let next = open?.next else { return }
      first = position(of: next)
    }
    var end = first
    while end < waiting.count {
      let fragment = waiting[end]
      if let next = open?.next {
        guard fragment.place == next else { break }
        try extend(fragment.flags, fragment.bytes.span, limit)
      } else {
        guard isOrdered, fragment.place.message == nextMessage,
          fragment.flags.contains(.beginning)
        else { break }
        open = Open(
          next: fragment.place.next, identifier: fragment.identifier, bytes: fragment.bytes)
        heldBytes += fragment.bytes.count + Self.overhead
      }
      end += 1
      if fragment.flags.contains(.end) {
        deliverOpen(&events)
        if isOrdered { nextMessage += 1 } else { break }
      }
    }
    forget(first..<end)
  }

  /// Keeps a fragment that nothing before it has prepared for.
  private mutating func wait(
    _ header: DataHeader, _ place: FragmentPlace, _ payload: Span<UInt8>, _ limit: Int,
    _ events: inout [SCTPAssociation.Event]
  ) throws(ReassemblyFailure) {
    // Its message has been delivered or given up.
    if isOrdered, place.message < nextMessage { return }
    let position = position(of: place)
    guard position == waiting.count || waiting[position].place != place else {
      throw .protocolViolation
    }
    waiting.insert(
      Waiting(
        place: place, flags: header.flags, identifier: header.identifier,
        bytes: [UInt8](copying: payload)), at: position)
    heldBytes += payload.count + Self.overhead
    if !isOrdered { try completeRun(around: position, limit, &events) }
  }

  /// Delivers the unordered message around a fragment that waits, if all of it has arrived.
  private mutating func completeRun(
    around position: Int, _ limit: Int, _ events: inout [SCTPAssociation.Event]
  ) throws(ReassemblyFailure) {
    var first = position
    while !waiting[first].flags.contains(.beginning) {
      guard first > 0, waiting[first - 1].place.next == waiting[first].place,
        !waiting[first - 1].flags.contains(.end)
      else { return }
      first -= 1
    }
    var last = position
    while !waiting[last].flags.contains(.end) {
      guard last + 1 < waiting.count, waiting[last].place.next == waiting[last + 1].place,
        !waiting[last + 1].flags.contains(.beginning)
      else { return }
      last += 1
    }
    let count = waiting[first...last].reduce(0) { $0 + $1.bytes.count }
    guard count <= limit else { throw .messageTooLong }
    let bytes = [UInt8](capacity: count) { output in
      for fragment in waiting[first...last] { output.append(copying: fragment.bytes.span) }
    }
    let identifier = waiting[first].identifier
    forget(first..<last + 1)
    deliver(identifier, bytes, &events)
  }

  // MARK: Giving up

  /// Gives up all ordered messages up to `message`, and goes on with the next one.
  mutating func skip(
    through message: Int64, limit: Int, _ events: inout [SCTPAssociation.Event]
  ) throws(ReassemblyFailure) {
    guard message >= nextMessage else { return }
    dropOpen()
    dropWaiting { $0.message <= message }
    nextMessage = message + 1
    try absorb(limit, &events)
  }

  /// Gives up the fragments for which `isGivenUp` holds, and the open message if its newest one is
  /// among them.
  mutating func drop(where isGivenUp: (FragmentPlace) -> Bool) {
    if let next = open?.next,
      isGivenUp(FragmentPlace(message: next.message, part: next.part - 1))
    {
      dropOpen()
    }
    dropWaiting(where: isGivenUp)
  }

  /// Begins anew (RFC 6525 §5.2.2).
  mutating func reset() { self = FragmentQueue(stream: stream, isOrdered: isOrdered) }

  /// Remembers, where unordered, about where message numbers are.
  mutating func noteNewest(_ message: Int64) { nextMessage = max(nextMessage, message) }

  private mutating func dropOpen() {
    guard let message = open.take() else { return }
    heldBytes -= message.bytes.count + Self.overhead
  }

  private mutating func dropWaiting(where isGivenUp: (FragmentPlace) -> Bool) {
    waiting.removeAll { fragment in
      guard isGivenUp(fragment.place) else { return false }
      heldBytes -= fragment.bytes.count + Self.overhead
      return true
    }
  }

  private mutating func forget(_ range: Range<Int>) {
    guard !range.isEmpty else { return }
    for fragment in waiting[range] { heldBytes -= fragment.bytes.count + Self.overhead }
    waiting.removeSubrange(range)
  }

  private func position(of place: FragmentPlace) -> Int {
    guard let last = waiting.last, place <= last.place else { return waiting.count }
    var low = 0
    var high = waiting.count
    while low < high {
      let middle = (low + high) / 2
      if waiting[middle].place < place { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
