internal import Wire

/// Puts the fragments of all streams together (RFC 9260 §6.6, §6.9; RFC 8260 §2.2).
struct Reassembly: Sendable {
  private struct Stream {
    var ordered: FragmentQueue
    var unordered: FragmentQueue

    init(id: UInt16) {
      ordered = FragmentQueue(stream: id, isOrdered: true)
      unordered = FragmentQueue(stream: id, isOrdered: false)
    }
  }

  let isInterleaved: Bool
  let maximumMessageSize: Int
  /// Grows up to the highest stream in use.
  private var streams: [Stream] = []
  /// Bytes that are held, with what holding them costs.
  private(set) var heldBytes = 0

  init(isInterleaved: Bool, maximumMessageSize: Int) {
    self.isInterleaved = isInterleaved
    self.maximumMessageSize = maximumMessageSize
  }

  /// Takes a fragment that has not been taken before; `index` is its unwrapped TSN.
  mutating func insert(
    _ header: DataHeader, index: Int64, _ payload: Span<UInt8>,
    events: inout [SCTPAssociation.Event]
  ) throws(ReassemblyFailure) {
    if isInterleaved, header.flags.contains(.beginning) != (header.fragmentNumber == 0) {
      throw .protocolViolation
    }
    let id = place(of: header.stream)
    let part = isInterleaved ? Int64(header.fragmentNumber) : index
    if header.flags.contains(.unordered) {
      let held = streams[id].unordered.heldBytes
      let message =
        isInterleaved ? self.message(header.messageNumber, in: streams[id].unordered) : 0
      streams[id].unordered.noteNewest(message)
      defer { heldBytes += streams[id].unordered.heldBytes - held }
      try streams[id].unordered.insert(
        header, at: FragmentPlace(message: message, part: part), payload,
        limit: maximumMessageSize, &events)
    } else {
      let held = streams[id].ordered.heldBytes
      let message = message(header.messageNumber, in: streams[id].ordered)
      defer { heldBytes += streams[id].ordered.heldBytes - held }
      try streams[id].ordered.insert(
        header, at: FragmentPlace(message: message, part: part), payload,
        limit: maximumMessageSize, &events)
    }
  }

  private mutating func place(of stream: UInt16) -> Int {
    let id = Int(stream)
    while streams.count <= id { streams.append(Stream(id: UInt16(clamping: streams.count))) }
    return id
  }

  /// The unwrapped number of a message, within half a circle of the next one of its queue.
  private func message(_ number: UInt32, in queue: FragmentQueue) -> Int64 {
    let next = queue.nextMessage
    guard isInterleaved else {
      return next + Int64(Int16(truncatingIfNeeded: number &- UInt32(truncatingIfNeeded: next)))
    }
    return next + Int64(Int32(truncatingIfNeeded: number &- UInt32(truncatingIfNeeded: next)))
  }

  /// Gives up one stream's messages up to the one named (RFC 3758 §3.6, RFC 8260 §2.3.1).
  mutating func skip(
    _ skipped: ForwardTSN.Skipped, events: inout [SCTPAssociation.Event]
  ) throws(ReassemblyFailure) {
    let id = place(of: skipped.stream)
    let held = streams[id].ordered.heldBytes + streams[id].unordered.heldBytes
    defer { heldBytes += streams[id].ordered.heldBytes + streams[id].unordered.heldBytes - held }
    if skipped.isUnordered {
      let message = message(skipped.messageNumber, in: streams[id].unordered)
      streams[id].unordered.drop { $0.message <= message }
    } else {
      let message = message(skipped.messageNumber, in: streams[id].ordered)
      try streams[id].ordered.skip(through: message, limit: maximumMessageSize, &events)
    }
  }

  /// Gives up unordered fragments of DATA up to this TSN: FORWARD-TSN does not name their streams.
  mutating func dropUnordered(through index: Int64) {
    guard !isInterleaved else { return }
    for id in streams.indices where !streams[id].unordered.isEmpty {
      let held = streams[id].unordered.heldBytes
      streams[id].unordered.drop { $0.part <= index }
      heldBytes += streams[id].unordered.heldBytes - held
    }
  }

  /// Has streams begin anew, all where none is named (RFC 6525 §5.2.2).
  mutating func reset(_ ids: [UInt16]) {
    for id in ids.isEmpty ? Array(streams.indices) : ids.map(Int.init) where id < streams.count {
      heldBytes -= streams[id].ordered.heldBytes + streams[id].unordered.heldBytes
      streams[id].ordered.reset()
      streams[id].unordered.reset()
    }
  }
}
