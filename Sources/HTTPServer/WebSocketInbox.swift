import Synchronization

/// Messages received and not yet taken. One reader; when it falls behind, the socket is not read until it
/// has caught up.
final class WebSocketInbox: Sendable {
  fileprivate struct State {
    var messages: [WebSocketMessage] = []
    var head = 0
    var byteCount = 0
    var isFinished = false
    var isPaused = false
    var reader: CheckedContinuation<WebSocketMessage?, Never>?
  }

  private let state = Mutex(State())
  private let limit: Int
  private let resume: @Sendable () -> Void

  init(limit: Int, resume: @escaping @Sendable () -> Void) {
    self.limit = limit
    self.resume = resume
  }

  /// Adds a message; true if the socket should rest.
  func put(_ message: WebSocketMessage) -> Bool {
    let (reader, pauses) = state.withLock {
      state -> (CheckedContinuation<WebSocketMessage?, Never>?, Bool) in
      guard !state.isFinished else { return (nil, false) }
      if let reader = state.reader {
        state.reader = nil
        return (reader, false)
      }
      state.messages.append(message)
      state.byteCount += message.byteCount + Self.overhead
      state.isPaused = state.byteCount > limit
      return (nil, state.isPaused)
    }
    reader?.resume(returning: message)
    return pauses
  }

  /// No message will follow those there are.
  func finish() {
    let reader = state.withLock { state in
      state.isFinished = true
      defer { state.reader = nil }
      return state.reader
    }
    reader?.resume(returning: nil)
  }

  /// The next message; nil at the end or when the reading task is cancelled.
  func next() async -> WebSocketMessage? {
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let (message, isDone, resumes) = state.withLock { $0.take(continuation, limit: limit) }
        if isDone { continuation.resume(returning: message) }
        if resumes { resume() }
      }
    } onCancel: {
      finish()
    }
  }

  /// What one message costs besides its bytes.
  static let overhead = 64
}

extension WebSocketInbox.State {
  /// Takes the first message, or leaves `reader` to wait for one.
  fileprivate mutating func take(
    _ reader: CheckedContinuation<WebSocketMessage?, Never>, limit: Int
  ) -> (message: WebSocketMessage?, isDone: Bool, resumes: Bool) {
    guard head < messages.count else {
      guard !isFinished, self.reader == nil else { return (nil, true, false) }
      self.reader = reader
      return (nil, false, false)
    }
    let message = messages[head]
    head += 1
    byteCount -= message.byteCount + WebSocketInbox.overhead
    if head == messages.count {
      messages = []
      head = 0
    } else if head >= 64, head * 2 >= messages.count {
      messages.removeFirst(head)
      head = 0
    }
    guard isPaused, byteCount <= limit / 2 else { return (message, true, false) }
    isPaused = false
    return (message, true, true)
  }
}
