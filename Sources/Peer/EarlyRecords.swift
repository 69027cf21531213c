import Wire

/// DTLS datagrams that arrived on validated paths before anyone said whose certificate to expect.
///
/// An answer takes its way through signalling, and the first flight of the handshake may be faster
/// (RFC 8842 §6). The newest are kept, since a flight that is repeated replaces the one before.
struct EarlyRecords {
  /// Datagrams kept of one path.
  static let limitPerPath = 4
  /// Datagrams kept in all.
  static let limit = 16
  /// Longer ones are no DTLS flight of anybody.
  static let byteLimit = 2048

  private var held: [(path: Path, bytes: [UInt8])] = []

  /// Datagrams kept.
  var count: Int { held.count }

  /// Keeps a copy; false where it is too long.
  mutating func hold(_ datagram: Span<UInt8>, on path: Path) -> Bool {
    guard datagram.count <= Self.byteLimit else { return false }
    if held.count(where: { $0.path == path }) >= Self.limitPerPath,
      let oldest = held.firstIndex(where: { $0.path == path })
    {
      held.remove(at: oldest)
    } else if held.count >= Self.limit {
      held.removeFirst()
    }
    held.append((path, [UInt8](capacity: datagram.count) { $0.append(copying: datagram) }))
    return true
  }

  /// Gives up what came on paths that are not the peer's any longer.
  mutating func forget(_ paths: [Path]) { held.removeAll { paths.contains($0.path) } }

  /// Gives back what was held, oldest first.
  mutating func takeAll() -> [(path: Path, bytes: [UInt8])] {
    defer { held = [] }
    return held
  }
}
