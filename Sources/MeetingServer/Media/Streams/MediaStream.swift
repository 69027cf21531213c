import HTTPServer
import ICE
import STUN
import Synchronization
import Wire

/// A connection over which a peer sends datagrams in frames (RFC 6544), between the web server's thread, which reads
/// it, and a media worker's.
final class MediaStream: StreamReceiver {
  /// Bytes that may wait for the worker; beyond them the connection is not read.
  private static let waitingByteLimit = 128 * 1024

  fileprivate struct State {
    var fragment: STUNUsernameFragment?
    /// Whose it is by that name, where there is such a worker.
    var desk: StreamDesk?
    var pieces: [[UInt8]] = []
    var byteCount = 0
    var isAnnounced = false
    var isPlaced = false
    var isPaused = false
    var isEnded = false
  }

  private let stream: ByteStream
  private let desks: [StreamDesk]
  /// Where its datagrams come from and go to.
  let path: Path
  private let state = Mutex(State())

  /// A connection just recognised, which is for the worker of one of the desks; nil without usable addresses.
  init?(_ stream: ByteStream, desks: [StreamDesk]) {
    guard let local = TransportAddress(stream.local), let remote = TransportAddress(stream.peer)
    else { return nil }
    self.stream = stream
    self.desks = desks
    path = Path(transport: .tcp, local: local, remote: remote)
  }

  /// Whom its first check asks for.
  var fragment: STUNUsernameFragment? { state.withLock { $0.fragment } }

  func received(_ bytes: [UInt8], on stream: ByteStream) {
    let (desk, pauses, isNobodys) = state.withLock { state in
      if state.fragment == nil {
        state.fragment = StreamBeginning.fragment(of: bytes[...])
        state.desk = state.fragment.flatMap(owner(of:))
      }
      state.pieces.append(bytes)
      state.byteCount += bytes.count
      let pauses = !state.isPaused && state.byteCount > Self.waitingByteLimit
      if pauses { state.isPaused = true }
      return (state.announce(), pauses, state.desk == nil)
    }
    if pauses { stream.setReading(false) }
    desk?.post(self)
    if isNobodys { close() }
  }

  /// The desk of the worker that gave a name out, which stands in the name.
  private func owner(of fragment: STUNUsernameFragment) -> StreamDesk? {
    guard let worker = ICECredentials.mark(of: fragment), desks.indices.contains(worker) else {
      return nil
    }
    return desks[worker]
  }

  func ended(_ stream: ByteStream) {
    let desk = state.withLock { state -> StreamDesk? in
      state.isEnded = true
      return state.announce()
    }
    desk?.post(self)
  }

  /// What has arrived since the last time, and whether that is all there will be.
  func take() -> (pieces: [[UInt8]], isEnded: Bool) {
    let (pieces, isEnded, resumes) = state.withLock { state in
      defer {
        state.pieces = []
        state.byteCount = 0
        state.isAnnounced = false
        state.isPaused = false
      }
      return (state.pieces, state.isEnded, state.isPaused)
    }
    if resumes { stream.setReading(true) }
    return (pieces, isEnded)
  }

  /// Has a worker keep it. False where one has done so before: it was given up since.
  func settle() -> Bool {
    state.withLock { state in
      defer { state.isPlaced = true }
      return !state.isPlaced && !state.isEnded
    }
  }

  /// Sends all of the bytes or none; false if they would have to wait for too long.
  func send(_ bytes: [UInt8]) -> Bool { stream.send(bytes) }

  func close() { stream.close() }
}

extension MediaStream.State {
  /// The desk that has to be told.
  fileprivate mutating func announce() -> StreamDesk? {
    guard !isAnnounced else { return nil }
    isAnnounced = true
    return desk
  }
}
