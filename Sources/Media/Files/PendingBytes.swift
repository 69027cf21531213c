import Wire

/// Bytes of a file that were handed in and not read yet.
struct PendingBytes: Sendable {
  private static let compactionThreshold = 1 << 16

  private var bytes: [UInt8] = []
  private var start = 0
  /// Nothing comes any more.
  private(set) var isFinished = false

  init() {}

  var count: Int { bytes.count - start }

  var isEmpty: Bool { count == 0 }

  var span: Span<UInt8> {
    @_lifetime(borrow self) get { bytes.span.extracting(droppingFirst: start) }
  }

  /// A copy of the bytes at `range`, counted from the first one not read.
  func copy(_ range: Range<Int>) -> [UInt8] {
    Array(bytes[start + range.lowerBound..<start + range.upperBound])
  }

  mutating func append(_ more: Span<UInt8>) {
    bytes.append(addingCapacity: more.count) { $0.append(copying: more) }
  }

  mutating func finish() { isFinished = true }

  /// Lets go of the first `count` bytes.
  mutating func consume(_ count: Int) {
    start += count
    guard start > Self.compactionThreshold, start > bytes.count / 2 else { return }
    bytes.removeFirst(start)
    start = 0
  }
}
