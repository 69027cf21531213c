import Synchronization

/// A connection that a `StreamService` has taken over. Everything may be called from any thread; nothing waits.
public final class ByteStream: Sendable {
  /// An end of a connection.
  public typealias Endpoint = HTTPRequest.Peer

  private struct State {
    var bufferedByteCount = 0
    var isOpen = true
  }

  /// A number unique in this process.
  public let id: UInt64
  /// Our end.
  public let local: Endpoint
  /// The other end.
  public let peer: Endpoint
  /// Whether it came over TLS.
  public let isSecure: Bool

  private let mailbox: Mailbox
  private let limit: Int
  private let state = Mutex(State())

  init(
    id: UInt64, local: Endpoint, peer: Endpoint, isSecure: Bool, mailbox: Mailbox, limit: Int
  ) {
    self.id = id
    self.local = local
    self.peer = peer
    self.isSecure = isSecure
    self.mailbox = mailbox
    self.limit = limit
  }

  /// Bytes handed to `send` that the system has not taken yet.
  public var bufferedByteCount: Int { state.withLock { $0.bufferedByteCount } }

  /// Sends all of the bytes or none.
  ///
  /// - Returns: false if more would be waiting than may, or if the stream is over.
  @discardableResult
  public func send(_ bytes: [UInt8]) -> Bool {
    let isTaken = state.withLock { state in
      guard state.isOpen, state.bufferedByteCount + bytes.count <= limit else { return false }
      state.bufferedByteCount += bytes.count
      return true
    }
    if isTaken { mailbox.post(.send(id, bytes)) }
    return isTaken
  }

  /// Ends it after what was sent before.
  public func close() {
    let wasOpen = state.withLock { state in
      defer { state.isOpen = false }
      return state.isOpen
    }
    if wasOpen { mailbox.post(.endStream(id)) }
  }

  /// Stops or resumes reading; meanwhile TCP slows the other side down. What has been read already still comes.
  public func setReading(_ reads: Bool) { mailbox.post(.setReading(id, reads)) }

  func didSend(_ count: Int) {
    state.withLock { $0.bufferedByteCount = max(0, $0.bufferedByteCount - count) }
  }

  func didEnd() { state.withLock { $0.isOpen = false } }
}
