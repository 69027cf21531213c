import Net
import Synchronization
import Wire

/// Where other workers leave what is for this one.
final class WorkerInbox: Sendable {
  /// Datagrams of this worker's peers.
  let datagrams: DatagramHandover
  /// What others have told of paths; bounded, since it comes again with the next check.
  private let told = Mutex<[(path: Path, worker: Int)]>([])
  private static let limit = 1024

  init() throws(SystemError) { datagrams = try DatagramHandover() }

  /// Tells this worker that the peer on a path is with another one.
  func tell(_ path: Path, worker: Int) {
    let isFirst = told.withLock { told in
      guard told.count < Self.limit else { return false }
      told.append((path, worker))
      return told.count == 1
    }
    if isFirst { datagrams.signal.raise() }
  }

  /// Takes what was told.
  func takeTold() -> [(path: Path, worker: Int)] {
    told.withLock { told in
      defer { told.removeAll() }
      return told
    }
  }
}
