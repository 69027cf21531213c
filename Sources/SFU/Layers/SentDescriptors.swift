/// The dependency descriptors one viewer got last, so that a repeated packet says again what it said.
struct SentDescriptors {
  private static let entryCount = 512
  private static let byteCount = 1 << 13

  private struct Entry {
    var sequenceNumber: UInt16 = 0
    /// Counted from the first byte that was ever kept.
    var start = 0
    var count = 0
  }

  /// Both are empty until there is something to keep.
  private var entries: [Entry] = []
  private var bytes: [UInt8] = []
  private var end = 0

  /// Keeps what goes beside a packet.
  mutating func note(_ descriptor: [UInt8], sequenceNumber: UInt16) {
    guard descriptor.count <= 255 else { return }
    if entries.isEmpty {
      entries = [Entry](repeating: Entry(), count: Self.entryCount)
      bytes = [UInt8](repeating: 0, count: Self.byteCount)
    }
    entries[Int(sequenceNumber) & (Self.entryCount - 1)] = Entry(
      sequenceNumber: sequenceNumber, start: end, count: descriptor.count)
    for byte in descriptor {
      bytes[end & (Self.byteCount - 1)] = byte
      end &+= 1
    }
  }

  /// Puts what went beside a packet into `output`; false where there was nothing, or it is forgotten.
  func read(_ sequenceNumber: UInt16, into output: inout [UInt8]) -> Bool {
    guard !entries.isEmpty else { return false }
    let entry = entries[Int(sequenceNumber) & (Self.entryCount - 1)]
    guard entry.sequenceNumber == sequenceNumber, entry.count > 0,
      end &- entry.start <= Self.byteCount
    else { return false }
    output.removeAll(keepingCapacity: true)
    for position in entry.start..<entry.start + entry.count {
      output.append(bytes[position & (Self.byteCount - 1)])
    }
    return true
  }
}
