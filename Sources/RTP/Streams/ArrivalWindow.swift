/// Which of a stream's newest 2,048 packets have come, so that none is taken twice.
struct ArrivalWindow: Sendable {
  static let width: Int64 = 2048

  private var words = [32 of UInt64](repeating: 0)
  private var newest: Int64?

  /// Notes a packet; false for one that came before, or is older than the window.
  mutating func insert(_ index: Int64) -> Bool {
    guard let newest else {
      self.newest = index
      set(index)
      return true
    }
    if index > newest {
      clear(from: newest &+ 1, through: index)
      self.newest = index
      set(index)
      return true
    }
    guard newest &- index < Self.width, !contains(index) else { return false }
    set(index)
    return true
  }

  private func contains(_ index: Int64) -> Bool {
    let (word, bit) = Self.place(index)
    return words[word] & bit != 0
  }

  private mutating func set(_ index: Int64) {
    let (word, bit) = Self.place(index)
    words[word] |= bit
  }

  private mutating func clear(from first: Int64, through last: Int64) {
    guard last &- first < Self.width else {
      words = [32 of UInt64](repeating: 0)
      return
    }
    for index in first...last {
      let (word, bit) = Self.place(index)
      words[word] &= ~bit
    }
  }

  private static func place(_ index: Int64) -> (word: Int, bit: UInt64) {
    let position = Int(truncatingIfNeeded: index & (width - 1))
    return (position >> 6, 1 << UInt64(position & 63))
  }
}
