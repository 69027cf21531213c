/// Outgoing datagrams of one turn of the loop, in one contiguous arena.
///
/// Machines append to it; the owner sends what it holds and calls `removeAll`. It belongs to one
/// thread and keeps its memory, so a steady flow of packets allocates nothing.
public final class Outbox {
  /// One datagram: where its bytes lie in `arena`, and the path it leaves by.
  public struct Datagram: Sendable {
    /// The first byte's position in the arena.
    public let offset: Int
    /// Length in bytes.
    public let count: Int
    /// The path to send it by.
    public let path: Path
  }

  /// Both lists in one, so that a datagram is appended in one access.
  private var contents = Contents()

  /// The bytes of all datagrams, one after the other.
  public var arena: [UInt8] { contents.arena }
  /// The datagrams in the order they were appended.
  public var datagrams: [Datagram] { contents.datagrams }

  /// An outbox with room for `byteCapacity` bytes before it grows.
  public init(byteCapacity: Int = 1 << 16) {
    contents.arena.reserveCapacity(byteCapacity)
    contents.datagrams.reserveCapacity(byteCapacity / 512)
  }

  /// Whether nothing is waiting.
  public var isEmpty: Bool { contents.datagrams.isEmpty }

  /// Appends a datagram of at most `capacity` bytes that `write` fills in, which must not look at the outbox.
  ///
  /// If `write` throws or writes nothing, there is no datagram.
  public func append<E: Error>(
    on path: Path, capacity: Int, _ write: (inout OutputSpan<UInt8>) throws(E) -> Void
  ) throws(E) {
    var failure: E?
    _ = contents.append(on: path, capacity) { output in
      do throws(E) {
        try write(&output)
        return true
      } catch {
        failure = error
        return false
      }
    }
    if let failure { throw failure }
  }

  /// Appends a datagram of at most `capacity` bytes that `write` fills in, which must not look at the outbox. There is none
  /// where `write` says false or writes nothing; the answer tells whether there is.
  public func appendIf(
    on path: Path, capacity: Int, _ write: (inout OutputSpan<UInt8>) -> Bool
  ) -> Bool {
    contents.append(on: path, capacity, write)
  }

  /// Appends a copy of `bytes`.
  public func append(_ bytes: Span<UInt8>, on path: Path) {
    append(on: path, capacity: bytes.count) { $0.append(copying: bytes) }
  }

  /// The bytes of one datagram, copied out: for tests and for slow paths.
  public func bytes(of datagram: Datagram) -> [UInt8] {
    let range = datagram.offset..<datagram.offset + datagram.count
    // `Array(arena[range])` would be the arena itself where there is one datagram alone: whoever kept it kept all the
    // memory, and each new arena in its place would be larger by what the allocator rounds up to.
    return [UInt8](capacity: range.count) { $0.append(copying: arena.span.extracting(range)) }
  }

  /// Puts the bytes of the newest datagram into `bytes`, whose memory is used again. False where there is none.
  public func copyNewest(into bytes: inout [UInt8]) -> Bool {
    bytes.removeAll(keepingCapacity: true)
    guard let datagram = datagrams.last else { return false }
    bytes.append(contentsOf: arena[datagram.offset..<datagram.offset + datagram.count])
    return true
  }

  /// Forgets everything and keeps the memory.
  public func removeAll() {
    contents.arena.removeAll(keepingCapacity: true)
    contents.datagrams.removeAll(keepingCapacity: true)
  }

  private struct Contents {
    var arena: [UInt8] = []
    var datagrams: [Datagram] = []

    mutating func append(
      on path: Path, _ capacity: Int, _ write: (inout OutputSpan<UInt8>) -> Bool
    ) -> Bool {
      let offset = arena.count
      var isWritten = false
      arena.append(addingCapacity: capacity) { isWritten = write(&$0) }
      let count = arena.count - offset
      guard isWritten, count > 0 else {
        arena.removeSubrange(offset...)
        return false
      }
      datagrams.append(Datagram(offset: offset, count: count, path: path))
      return true
    }
  }
}
