/// Which of the last 1,024 packet indices have been used (RFC 3711 §3.3.2).
struct ReplayWindow: Sendable {
  static let count: UInt64 = 1024

  /// The largest index used, or nil before the first.
  private(set) var newest: UInt64?
  /// One bit an index, at the index modulo 1,024.
  private var bits = [16 of UInt64](repeating: 0)

  /// A window that has seen nothing.
  init() {}

  /// A window in which everything up to `newest` counts as used.
  init(allUsedUpTo newest: UInt64) {
    self.newest = newest
    bits = [16 of UInt64](repeating: .max)
  }

  /// Whether `index` is neither used nor too old to tell.
  func isFresh(_ index: UInt64) -> Bool {
    guard let newest, index <= newest else { return true }
    guard newest - index < Self.count else { return false }
    return bits[Self.word(index)] & Self.bit(index) == 0
  }

  /// Marks `index` as used and moves the window up to it.
  mutating func insert(_ index: UInt64) {
    if let newest, index > newest {
      if index - newest >= Self.count {
        bits = [16 of UInt64](repeating: 0)
      } else {
        for skipped in newest + 1..<index { bits[Self.word(skipped)] &= ~Self.bit(skipped) }
      }
    }
    bits[Self.word(index)] |= Self.bit(index)
    newest = max(newest ?? index, index)
  }

  private static func word(_ index: UInt64) -> Int { Int(index / 64 % 16) }
  private static func bit(_ index: UInt64) -> UInt64 { 1 << (index % 64) }
}
