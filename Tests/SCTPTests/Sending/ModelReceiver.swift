@testable import SCTP

/// A receiver as the RFCs describe it, made as plainly as can be: sets and dictionaries of everything.
struct ModelReceiver {
  struct MessageKey: Hashable {
    let stream: UInt16
    let isOrdered: Bool
    let number: UInt32
  }

  private(set) var cumulative: Int64
  private(set) var beyond: Set<Int64> = []
  private var fragments: [Int64: (header: DataHeader, payload: [UInt8])] = [:]
  private var partial: [MessageKey: [UInt32: (header: DataHeader, payload: [UInt8])]] = [:]
  private(set) var duplicates: [UInt32] = []
  /// Whole messages in the order they became whole.
  private(set) var messages: [(header: DataHeader, payload: [UInt8])] = []
  private(set) var forwardCount = 0
  var window: UInt32 = 8 << 20
  let isInterleaved: Bool

  init(initialTSN: UInt32, isInterleaved: Bool = false) {
    cumulative = Int64(initialTSN) - 1
    self.isInterleaved = isInterleaved
  }

  private func unwrap(_ tsn: UInt32) -> Int64 {
    cumulative + Int64(Int32(bitPattern: tsn &- UInt32(truncatingIfNeeded: cumulative)))
  }

  mutating func receive(_ chunk: WrittenChunk) {
    switch chunk {
    case .data(let header, let payload): receive(header, payload)
    case .forward(let forward):
      forwardCount += 1
      let target = unwrap(forward.newCumulativeTSN)
      guard target > cumulative else { return }
      for sequence in (cumulative + 1)...target {
        fragments[sequence] = nil
        beyond.remove(sequence)
      }
      cumulative = target
      close()
    }
  }

  private mutating func receive(_ header: DataHeader, _ payload: [UInt8]) {
    let sequence = unwrap(header.tsn)
    guard sequence > cumulative, beyond.insert(sequence).inserted else {
      duplicates.append(header.tsn)
      return
    }
    if isInterleaved {
      let key = MessageKey(
        stream: header.stream, isOrdered: !header.flags.contains(.unordered),
        number: header.messageNumber)
      partial[key, default: [:]][header.fragmentNumber] = (header, payload)
      finish(key)
    } else {
      fragments[sequence] = (header, payload)
      finish(around: sequence)
    }
    close()
  }

  private mutating func close() {
    while beyond.remove(cumulative + 1) != nil { cumulative += 1 }
  }

  private mutating func finish(_ key: MessageKey) {
    guard let parts = partial[key],
      let last = parts.first(where: { $0.value.header.flags.contains(.end) }),
      parts.count == Int(last.key) + 1, let first = parts[0]
    else { return }
    messages.append((first.header, (0...last.key).flatMap { parts[$0]?.payload ?? [] }))
    partial[key] = nil
  }

  private mutating func finish(around sequence: Int64) {
    var start = sequence
    while let part = fragments[start], !part.header.flags.contains(.beginning) { start -= 1 }
    guard let first = fragments[start] else { return }
    var payload: [UInt8] = []
    var end = start
    while let part = fragments[end] {
      payload += part.payload
      if part.header.flags.contains(.end) {
        for sequence in start...end { fragments[sequence] = nil }
        messages.append((first.header, payload))
        return
      }
      end += 1
    }
  }

  /// The SACK that tells of everything, with up to `blockLimit` gap blocks.
  mutating func acknowledgement(blockLimit: Int = 280) -> SelectiveAcknowledgement {
    defer { duplicates = [] }
    var blocks: [SelectiveAcknowledgement.GapBlock] = []
    for sequence in beyond.sorted() {
      guard let offset = UInt16(exactly: sequence - cumulative) else { break }
      if let last = blocks.last, last.end == offset - 1 {
        blocks[blocks.count - 1].end = offset
      } else if blocks.count < blockLimit {
        blocks.append(.init(start: offset, end: offset))
      } else {
        break
      }
    }
    return SelectiveAcknowledgement(
      cumulativeTSN: UInt32(truncatingIfNeeded: cumulative), advertisedWindow: window,
      gapBlocks: blocks, duplicates: Array(duplicates.prefix(20)))
  }
}
