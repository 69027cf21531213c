import Wire

/// Where the blocks of a payload of redundant audio lie (RFC 2198 §3). Reading it copies nothing.
struct RedundantBlocks {
  /// Earlier blocks that are read; more are of no use and cost too much.
  static let limit = 8

  /// An earlier block.
  struct Block: Equatable {
    /// How many packets before this one it was sent, as senders in the field have it.
    var distance: Int64
    var timestampOffset: UInt32
    /// In the payload.
    var range: Range<Int>
  }

  /// Earlier blocks of the codec that are not empty, oldest first.
  private(set) var earlier: [Block] = []
  /// The current block; empty where the payload made no sense.
  private(set) var current = 0..<0

  init() { earlier.reserveCapacity(Self.limit) }

  /// Reads `payload`. False where its lengths contradict it, where it holds too much, and where the current block is
  /// not of `payloadType`: redundancy within redundancy, above all.
  mutating func read(_ payload: Span<UInt8>, payloadType: UInt8) -> Bool {
    earlier.removeAll(keepingCapacity: true)
    current = 0..<0
    guard let count = Self.headerCount(payload) else { return false }
    var start = count * 4 + 1
    guard start < payload.count, payload[count * 4] == payloadType else { return false }
    for place in 0..<count {
      let header = place * 4
      let word =
        UInt32(payload[header + 1]) << 16 | UInt32(payload[header + 2]) << 8
        | UInt32(payload[header + 3])
      let end = start + Int(word & 0x3ff)
      guard end < payload.count else {
        earlier.removeAll(keepingCapacity: true)
        return false
      }
      if end > start, word >> 10 > 0, payload[header] & 0x7f == payloadType {
        earlier.append(
          Block(distance: Int64(count - place), timestampOffset: word >> 10, range: start..<end))
      }
      start = end
    }
    current = start..<payload.count
    return true
  }

  /// How many earlier blocks are told of; nil where the list does not end.
  private static func headerCount(_ payload: Span<UInt8>) -> Int? {
    var count = 0
    while count * 4 < payload.count {
      if payload[count * 4] & 0x80 == 0 { return count }
      count += 1
      guard count <= limit else { return nil }
    }
    return nil
  }
}
