import Net
import Synchronization
public import Wire

/// The way to a relay from a UDP port that somebody else reads, such as that of media: the reader hands in what
/// `isForRelay`, and answers leave by the same port.
public final class RelayDoor: Sendable {
  /// What waits is bounded; beyond it datagrams are dropped, as by a full socket.
  private static let maximumDatagrams = 1024
  private static let maximumBytes = 512 << 10
  /// Memory for more than this is given back once it has been read.
  private static let keptBytes = 64 << 10

  struct Mail {
    var bytes: [UInt8] = []
    var datagrams: [(range: Range<Int>, path: Path)] = []

    mutating func removeAll() {
      bytes.removeAll(keepingCapacity: bytes.count <= keptBytes)
      datagrams.removeAll(keepingCapacity: datagrams.count <= 128)
    }
  }

  private struct State {
    var mail = Mail()
    var isRung = false
    var isClosed = false
    var dropped: UInt64 = 0
  }

  let share: UDPSocket.Share
  private let signal: LoopSignal
  private let state = Mutex(State())

  init(to share: UDPSocket.Share, signal: LoopSignal) {
    self.share = share
    self.signal = signal
  }

  /// Leaves a copy of a datagram; `ring` has it read.
  public func post(_ datagram: Span<UInt8>, on path: Path) {
    state.withLock { state in
      let start = state.mail.bytes.count
      guard !state.isClosed, state.mail.datagrams.count < Self.maximumDatagrams,
        start + datagram.count <= Self.maximumBytes
      else {
        state.dropped &+= 1
        return
      }
      state.mail.bytes.append(addingCapacity: datagram.count) { $0.append(copying: datagram) }
      state.mail.datagrams.append((start..<start + datagram.count, path))
    }
  }

  /// Tells the relay that something was left; once for all that a turn brought.
  public func ring() {
    let isNew = state.withLock { state in
      defer { state.isRung = true }
      return !state.isRung && !state.isClosed
    }
    if isNew { signal.raise() }
  }

  /// Datagrams that found no room.
  var droppedCount: UInt64 { state.withLock { $0.dropped } }

  /// Exchanges what waits for `mail`, which is empty.
  func take(_ mail: inout Mail) {
    state.withLock { state in
      swap(&state.mail, &mail)
      state.isRung = false
    }
  }

  func close() { state.withLock { $0.isClosed = true } }

  /// Whether a datagram at a port that media uses too is a TURN client's, or asks for its own address
  /// (RFC 7983 §7): no peer sends TURN's methods, nor a check without a user name.
  public static func isForRelay(_ datagram: Span<UInt8>) -> Bool {
    guard let first = datagram.isEmpty ? nil : datagram[0], first < 0x50 else { return false }
    if first >= 0x40 { return true }
    guard first < 4, datagram.count >= 20, datagram[4] == 0x21, datagram[5] == 0x12,
      datagram[6] == 0xa4, datagram[7] == 0x42
    else { return false }
    switch UInt16(first) << 8 | UInt16(datagram[1]) {
    case 0x0001: return !hasUsername(datagram)
    // Responses, and indications of Binding, are between peers.
    case let type where type & 0x0100 != 0: return false
    case let type: return type != 0x0011
    }
  }

  private static func hasUsername(_ request: Span<UInt8>) -> Bool {
    var position = 20
    while position + 4 <= request.count {
      let type = UInt16(request[position]) << 8 | UInt16(request[position + 1])
      if type == 0x0006 { return true }
      let length = Int(request[position + 2]) << 8 | Int(request[position + 3])
      position += 4 + (length + 3) / 4 * 4
    }
    return false
  }
}
