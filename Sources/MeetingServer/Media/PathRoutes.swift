import Wire

/// Which other worker the peers are with whose datagrams a worker reads: the kernel chooses the reader by the
/// addresses of a datagram, and knows nothing of rooms.
///
/// Only what the other worker has told of is noted, so forged datagrams leave nothing. A path that is told of no
/// more, as it is with each of its consent checks, is forgotten after one to two lifetimes.
struct PathRoutes {
  /// Longer than the pause between two consent checks (RFC 7675 §5.1), and lost ones.
  static let lifetime = Duration.seconds(30)
  /// Most paths that are known at one time, in each of two generations.
  static let limit = 16_384

  private var current: [Path: Int] = [:]
  private var previous: [Path: Int] = [:]
  private var changesAt = Instant.zero

  /// Whether nothing is known.
  var isEmpty: Bool { current.isEmpty && previous.isEmpty }

  /// The worker that has the peer on a path; nil where none has told.
  func worker(of path: Path) -> Int? { current[path] ?? previous[path] }

  /// Notes that a worker has the peer on a path.
  mutating func learn(_ path: Path, worker: Int, at now: Instant) {
    if now >= changesAt {
      previous = current
      current.removeAll(keepingCapacity: true)
      changesAt = now + Self.lifetime
    }
    guard current.count < Self.limit || current[path] != nil else { return }
    current[path] = worker
  }
}
