/// Byte strings in the order they are to be sent, handed out in writes of a fitting size.
struct SendQueue {
  private struct Chunk {
    var bytes: [UInt8]
    var isCounted: Bool
  }

  private var chunks: [Chunk] = []
  private var head = 0
  private var offset = 0

  /// Bytes waiting that no one counts: answers to what the peer sends.
  private(set) var uncountedByteCount = 0

  /// The most bytes handed out at once.
  static let writeSize = 64 * 1024
  /// The most handed out at once for a stream: what a socket that can be written to takes whole, so that nothing stays
  /// with libwebsockets (see `Service.write`) and reading goes on.
  static let streamWriteSize = 16 * 1024

  var isEmpty: Bool { head == chunks.count }

  mutating func append(_ bytes: [UInt8], isCounted: Bool = false) {
    guard !bytes.isEmpty else { return }
    chunks.append(Chunk(bytes: bytes, isCounted: isCounted))
    if !isCounted { uncountedByteCount += bytes.count }
  }

  /// The next write, and how many of its bytes are counted.
  mutating func next(
    atMost limit: Int = writeSize
  ) -> (bytes: ArraySlice<UInt8>, counted: Int)? {
    guard head < chunks.count else { return nil }
    let first = chunks[head]
    if first.bytes.count - offset >= 4096 || head + 1 == chunks.count {
      let part = first.bytes[offset...].prefix(limit)
      advance(by: part.count)
      return (part, first.isCounted ? part.count : 0)
    }
    return gathered(limit)
  }

  /// Forgets what is counted, except the rest of what is already partly out.
  mutating func dropCounted() {
    let first = chunks[head...].first
    chunks = chunks[head...].dropFirst(offset > 0 ? 1 : 0).filter { !$0.isCounted }
    if let first, offset > 0 { chunks.insert(first, at: 0) }
    head = 0
  }

  /// Many small chunks go out in one write.
  private mutating func gathered(_ limit: Int) -> (bytes: ArraySlice<UInt8>, counted: Int) {
    var bytes: [UInt8] = []
    var counted = 0
    while head < chunks.count {
      let part = chunks[head].bytes[offset...]
      guard bytes.count + part.count <= limit else { break }
      bytes.append(contentsOf: part)
      if chunks[head].isCounted { counted += part.count }
      advance(by: part.count)
    }
    return (bytes[...], counted)
  }

  private mutating func advance(by count: Int) {
    if !chunks[head].isCounted { uncountedByteCount -= count }
    offset += count
    guard offset >= chunks[head].bytes.count else { return }
    chunks[head].bytes = []
    offset = 0
    head += 1
    if head == chunks.count {
      chunks = []
      head = 0
    } else if head >= 256, head * 2 >= chunks.count {
      chunks.removeFirst(head)
      head = 0
    }
  }
}
