import Wire

/// Counts the datagrams of a session, in all and by path.
struct TrafficMeter {
  /// What went one way.
  struct Flow {
    var packetCount: UInt64 = 0
    var byteCount: UInt64 = 0
    var lastAt: Instant?

    mutating func note(_ byteCount: Int, at now: Instant) {
      packetCount &+= 1
      self.byteCount &+= UInt64(clamping: byteCount)
      lastAt = now
    }
  }

  /// Both ways.
  struct Traffic {
    var sent = Flow()
    var received = Flow()
  }

  /// Paths that are counted by themselves: what a rebinding address translator makes of one path is a new one each
  /// time.
  private static let pathLimit = 32

  private(set) var total = Traffic()
  /// Without connectivity checks. Packet after packet goes by one path: a list is quicker than a table.
  private var byPath: [(path: Path, traffic: Traffic)] = []
  /// Where the path of the packet before is.
  private var latest = 0
  /// How many times another path was selected.
  private(set) var selectionCount: UInt64 = 0
  private var selectedPath: Path?

  /// Notes what was appended to `outbox` since it held `count` datagrams.
  mutating func noteSent(in outbox: Outbox, since count: Int, at now: Instant) {
    for datagram in outbox.datagrams[min(count, outbox.datagrams.count)...] {
      total.sent.note(datagram.count, at: now)
      guard !Self.isCheck(outbox.arena[datagram.offset]) else { continue }
      change(datagram.path) { $0.sent.note(datagram.count, at: now) }
    }
  }

  /// Notes a datagram that is the other side's.
  mutating func noteReceived(firstByte: UInt8, _ byteCount: Int, on path: Path, at now: Instant) {
    total.received.note(byteCount, at: now)
    guard !Self.isCheck(firstByte) else { return }
    change(path) { $0.received.note(byteCount, at: now) }
  }

  /// Notes which path is in use.
  mutating func noteSelection(_ path: Path?) {
    guard let path, path != selectedPath else { return }
    selectedPath = path
    selectionCount &+= 1
  }

  /// STUN, by its first byte (RFC 7983 §7).
  private static func isCheck(_ byte: UInt8) -> Bool { byte < 4 }

  private mutating func change(_ path: Path, _ body: (inout Traffic) -> Void) {
    if latest >= byPath.count || byPath[latest].path != path {
      if let known = byPath.firstIndex(where: { $0.path == path }) {
        latest = known
      } else {
        guard byPath.count < Self.pathLimit else { return }
        latest = byPath.count
        byPath.append((path, Traffic()))
      }
    }
    body(&byPath[latest].traffic)
  }

  /// What went by a path, connectivity checks left out.
  func traffic(on path: Path) -> Traffic {
    byPath.first { $0.path == path }?.traffic ?? Traffic()
  }
}
