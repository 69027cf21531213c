import Synchronization

/// One open WebSocket. Everything may be called from any task; nothing waits.
public final class WebSocketConnection: Sendable {
  private struct State {
    var bufferedByteCount = 0
    var isOpen = true
    var closure: WebSocketClosure?
  }

  /// A number unique in this process.
  public let id: UInt64
  /// The request that opened it: path, query, headers, peer.
  public let request: HTTPRequest
  /// What the client sends, for one reader. It ends when the socket closes; `closure` then says how. A
  /// reader that falls behind makes the server stop reading the socket.
  public let incoming: AsyncStream<WebSocketMessage>

  let inbox: WebSocketInbox
  private let mailbox: Mailbox
  private let limit: Int
  private let state = Mutex(State())

  init(id: UInt64, request: HTTPRequest, mailbox: Mailbox, limits: Limits) {
    self.id = id
    self.request = request
    self.mailbox = mailbox
    limit = limits.sendQueueBytes
    let inbox = WebSocketInbox(limit: limits.receiveQueueBytes) {
      mailbox.post(.resumeReading(id))
    }
    self.inbox = inbox
    incoming = AsyncStream { await inbox.next() }
  }

  /// Bytes handed to `send` that the system has not taken yet.
  public var bufferedByteCount: Int { state.withLock { $0.bufferedByteCount } }

  /// Whether messages can still be sent.
  public var isOpen: Bool { state.withLock { $0.isOpen } }

  /// How the socket closed; nil while it is open.
  public var closure: WebSocketClosure? { state.withLock { $0.closure } }

  /// Sends a text. A client so slow that more than the limit is waiting is closed with 1013.
  ///
  /// - Returns: false if the socket is closed, or closes because of this.
  @discardableResult
  public func send(_ text: String) -> Bool {
    post(WebSocketFrame.bytes(.text, text.utf8))
  }

  /// Sends bytes, as ``send(_:)-(String)`` does.
  @discardableResult
  public func send(_ bytes: [UInt8]) -> Bool {
    post(WebSocketFrame.bytes(.binary, bytes))
  }

  /// Closes the socket after what was sent before. Does nothing on a closed one. The reason is cut to
  /// 123 bytes.
  public func close(code: WebSocketCloseCode = .normal, reason: String = "") {
    let wasOpen = state.withLock { state in
      defer { state.isOpen = false }
      return state.isOpen
    }
    if wasOpen { mailbox.post(.close(id, code, reason)) }
  }

  private func post(_ frame: [UInt8]) -> Bool {
    enum Verdict { case send, closed, overflow }
    let verdict = state.withLock { state -> Verdict in
      guard state.isOpen else { return .closed }
      guard state.bufferedByteCount + frame.count <= limit else {
        state.isOpen = false
        return .overflow
      }
      state.bufferedByteCount += frame.count
      return .send
    }
    switch verdict {
    case .send: mailbox.post(.send(id, frame))
    case .overflow: mailbox.post(.overflow(id))
    case .closed: break
    }
    return verdict == .send
  }

  func didSend(_ count: Int) {
    state.withLock { $0.bufferedByteCount = max(0, $0.bufferedByteCount - count) }
  }

  func didClose(_ closure: WebSocketClosure) {
    state.withLock { state in
      state.isOpen = false
      if state.closure == nil { state.closure = closure }
    }
    inbox.finish()
  }
}
