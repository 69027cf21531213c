/// Ranges of nearly equal length that cover a number of bytes: packets of equal size lose and queue alike, and a
/// last small one would cost a header for nothing.
struct EvenSplit: Sequence, IteratorProtocol {
  private let count: Int
  private var start = 0
  private var partsLeft: Int

  /// Covers `count` bytes, at least 1, with ranges of at most `limit`, at least 1.
  init(count: Int, limit: Int) {
    self.count = count
    partsLeft = (count + limit - 1) / limit
  }

  mutating func next() -> Range<Int>? {
    guard partsLeft > 0 else { return nil }
    let size = (count - start + partsLeft - 1) / partsLeft
    partsLeft -= 1
    defer { start += size }
    return start..<start + size
  }
}
