import Wire

extension FrameAssembler {
  enum Scan {
    case complete(Range<Int64>)
    case incomplete
  }

  /// Where the next frame to give out, or to drop for being of no use, lies.
  mutating func nextRange() -> Range<Int64>? {
    passFillers()
    if isAligned, let cursor, case .complete(let range) = scan(from: cursor) { return range }
    guard !isAligned || gate.needsKeyFrame else { return nil }
    var index = max(cursor ?? .min, window.range.lowerBound)
    while index < window.range.upperBound {
      guard isStart(index) else {
        index += 1
        continue
      }
      if case .complete(let range) = scan(from: index) {
        if !gate.needsKeyFrame || range.contains(where: { window[$0]?.isKeyFrame == true }) {
          return range
        }
        index = range.upperBound
      } else if !gate.needsKeyFrame {
        return nil
      } else {
        index += 1
      }
    }
    return nil
  }

  private mutating func passFillers() {
    guard isAligned, var index = cursor else { return }
    while let packet = window[index], packet.start == nil { index += 1 }
    window.removeAll(before: index)
    cursor = index
  }

  /// Follows the frame that starts at `start` to its end.
  func scan(from start: Int64) -> Scan {
    guard let first = window[start] else { return .incomplete }
    guard !codec.isAudio else { return .complete(start..<start + 1) }
    var index = start
    while let packet = window[index] {
      if packet.start != nil {
        if packet.timestamp != first.timestamp { return .complete(start..<index) }
        if packet.marker { return .complete(start..<index + 1) }
      }
      index += 1
    }
    return .incomplete
  }

  /// Whether a frame starts at `index`: the packet before tells, or else the payload.
  func isStart(_ index: Int64) -> Bool {
    guard let packet = window[index], let start = packet.start, start != .none else { return false }
    if codec.isAudio { return true }
    var previous = index - 1
    while let packet = window[previous], packet.start == nil { previous -= 1 }
    if let earlier = window[previous] {
      return earlier.marker || earlier.timestamp != packet.timestamp
    }
    if let before, previous + 1 == cursor {
      return before.endsFrame || before.timestamp != packet.timestamp
    }
    return start == .certain
  }

  /// The first number that is missing, as far as packets behind it prove that.
  private var firstHole: Int64? {
    guard !window.isEmpty else { return nil }
    guard isAligned, var index = cursor else { return window.range.lowerBound - 1 }
    while window[index] != nil { index += 1 }
    return index < window.range.upperBound ? index : nil
  }

  var isOverdue: Bool {
    guard let hole = firstHole else { return false }
    return window.range.upperBound - 1 - hole >= Int64(options.reorderingLimit)
  }

  /// Since when the next frame has been waiting for a packet that later ones overtook, and the timestamp of
  /// the first one behind it; nil where nothing is known to be missing.
  var blocked: (since: Instant, timestamp: UInt32)? {
    guard let hole = firstHole else { return nil }
    var found: (since: Instant, timestamp: UInt32)?
    for index in hole + 1..<window.range.upperBound {
      guard let packet = window[index] else { continue }
      found = (
        min(found?.since ?? packet.receivedAt, packet.receivedAt),
        found?.timestamp ?? packet.timestamp
      )
    }
    return found
  }
}
