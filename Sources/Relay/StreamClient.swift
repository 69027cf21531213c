import Net
import TURN
import Wire

/// A client that is reached by a stream: messages, until it is joined with a peer's connection.
final class StreamClient {
  /// What carries the stream.
  enum Carrier {
    /// A connection of ours.
    case own(any StreamConnection)
    /// One that somebody else reads.
    case handed(any RelayedStream)
  }

  /// What may wait for one client; more would be late.
  static let maximumQueuedBytes = 64 << 10

  let carrier: Carrier
  let path: Path
  var framing = STUNStreamFraming()
  /// Where the client has had nothing with the relay since.
  var uselessSince: Instant
  /// The peer it is joined with.
  weak var link: PeerLink?
  /// Whether only what is queued is still to leave.
  var isFinishing = false
  /// What leaves in this turn.
  var outgoing: [UInt8] = []
  /// Whether the client has to wait.
  private(set) var isPaused = false

  init(_ carrier: Carrier, _ path: Path, at now: Instant) {
    self.carrier = carrier
    self.path = path
    uselessSince = now
  }

  var isOver: Bool {
    guard case .own(let connection) = carrier else { return false }
    return connection.phase.isOver || connection.phase == .ended
  }

  /// Bytes that the client has not taken yet.
  var queuedByteCount: Int {
    switch carrier {
    case .own(let connection): connection.queuedByteCount
    case .handed(let stream): stream.queuedByteCount
    }
  }

  /// False, and nothing taken, where too much waits already.
  func write(_ bytes: [UInt8]) -> Bool {
    switch carrier {
    case .own(let connection): return connection.write(bytes.span)
    case .handed(let stream):
      let room = Self.maximumQueuedBytes - stream.queuedByteCount
      return bytes.count <= room && stream.send(bytes)
    }
  }

  func close() {
    switch carrier {
    case .own(let connection): connection.close()
    case .handed(let stream): stream.close()
    }
  }

  /// Has the client wait, or go on.
  func setPaused(_ isPaused: Bool) {
    guard isPaused != self.isPaused else { return }
    self.isPaused = isPaused
    switch carrier {
    case .own(let connection): connection.isReadingPaused = isPaused
    case .handed(let stream): stream.setReading(!isPaused)
    }
  }
}

/// A connection with a peer (RFC 6062), and the client's that it is joined with.
final class PeerLink {
  let id: TURNServer.ConnectionID
  let connection: TCPConnection
  var client: StreamClient?
  /// Whether the machine has been told how connecting went.
  var isTold: Bool
  /// Both are left unread until then, since they carried too much.
  var pausedUntil: Instant?
  /// When it is closed at the latest, once the client is gone.
  var closesAt: Instant?

  init(_ id: TURNServer.ConnectionID, _ connection: TCPConnection, isTold: Bool) {
    self.id = id
    self.connection = connection
    self.isTold = isTold
  }
}
