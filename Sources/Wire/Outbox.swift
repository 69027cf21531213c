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

  /// The bytes of all datagrams, one after the other.
  public private(set) var arena: [UInt8] = []
  /// The datagrams in the order they were appended.
  public private(set) var datagrams: [Datagram] = []

  /// An outbox with room for `byteCapacity` bytes before it grows.
  public init(byteCapacity: Int = 1 << 16) {
    arena.reserveCapacity(byteCapacity)
    datagrams.reserveCapacity(byteCapacity / 512)
  }

  /// Whether nothing is waiting.
  public var isEmpty: Bool { datagrams.isEmpty }

  /// Appends a datagram of at most `capacity` bytes that `write` fills in.
  ///
  /// If `write` throws or writes nothing, there is no datagram.
  @inlinable
  public func append<E: Error>(
    on path: Path, capacity: Int, _ write: (inout OutputSpan<UInt8>) throws(E) -> Void
  ) throws(E) {
    let offset = arenaCount
    try writeToArena(capacity, write)
    finish(offset, path)
  }

  /// Appends a copy of `bytes`.
  public func append(_ bytes: Span<UInt8>, on path: Path) {
    append(on: path, capacity: bytes.count) { $0.append(copying: bytes) }
  }

  /// The bytes of one datagram, copied out: for tests and for slow paths.
  public func bytes(of datagram: Datagram) -> [UInt8] {
    Array(arena[datagram.offset..<datagram.offset + datagram.count])
  }

  /// Forgets everything and keeps the memory.
  public func removeAll() {
    arena.removeAll(keepingCapacity: true)
    datagrams.removeAll(keepingCapacity: true)
  }

  @usableFromInline var arenaCount: Int { arena.count }

  @usableFromInline func writeToArena<E: Error>(
    _ capacity: Int, _ write: (inout OutputSpan<UInt8>) throws(E) -> Void
  ) throws(E) {
    let offset = arena.count
    do throws(E) {
      try arena.append(addingCapacity: capacity, initializingWith: write)
    } catch {
      arena.removeSubrange(offset...)
      throw error
    }
  }

  @usableFromInline func finish(_ offset: Int, _ path: Path) {
    guard arena.count > offset else { return }
    datagrams.append(Datagram(offset: offset, count: arena.count - offset, path: path))
  }
}
