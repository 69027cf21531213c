import Wire

/// Cuts a connection's bytes into datagrams, each behind its length (RFC 4571 §2), where they lie.
///
/// `StreamFraming` takes any length and gives copies; here nothing is longer than a slot for datagrams.
struct FrameCutter {
  /// What is there to be taken.
  enum Next: Equatable {
    /// A datagram, in `bytes`.
    case datagram(Range<Int>)
    /// More has to arrive.
    case nothing
    /// Nobody sends datagrams of that length: there is no point in reading on.
    case tooLong
  }

  let maximumByteCount: Int
  /// What arrived and was not cut off yet, and a little of what was.
  private(set) var bytes: [UInt8] = []
  private var start = 0

  init(maximumByteCount: Int) { self.maximumByteCount = maximumByteCount }

  /// Takes what arrived.
  mutating func append(_ piece: [UInt8]) {
    if start == bytes.count {
      bytes = piece
    } else {
      bytes.removeFirst(start)
      bytes.append(contentsOf: piece)
    }
    start = 0
  }

  /// The next datagram; empty ones are left out.
  mutating func next() -> Next {
    while bytes.count - start >= 2 {
      let length = Int(bytes[start]) << 8 | Int(bytes[start + 1])
      guard length <= maximumByteCount else { return .tooLong }
      guard bytes.count - start - 2 >= length else { break }
      start += 2 + length
      if length > 0 { return .datagram(start - length..<start) }
    }
    return .nothing
  }
}
