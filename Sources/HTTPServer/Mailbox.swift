import CWebSockets
import Synchronization

/// How tasks reach the service thread: commands in order, and a nudge when there are new ones.
final class Mailbox: Sendable {
  /// What a task asks of the service thread.
  enum Command: Sendable {
    case respond(UInt64, HTTPResponse)
    case send(UInt64, [UInt8])
    case close(UInt64, WebSocketCloseCode, String)
    case overflow(UInt64)
    case resumeReading(UInt64)
    case setReading(UInt64, Bool)
    case endStream(UInt64)
    case stop
  }

  private struct State {
    var commands: [Command] = []
    /// The address of the libwebsockets context while its thread runs.
    var context: UInt = 0
  }

  private let state = Mutex(State())

  /// Leaves a command. Without a running service it is dropped.
  func post(_ command: Command) {
    state.withLock { state in
      guard let context = unsafe OpaquePointer(bitPattern: state.context) else { return }
      state.commands.append(command)
      guard state.commands.count == 1 else { return }
      // The one call libwebsockets allows from other threads; the lock keeps the context alive.
      unsafe lws_cancel_service(context)
    }
  }

  /// Makes the service look up from its waiting.
  func nudge() {
    state.withLock { state in
      guard let context = unsafe OpaquePointer(bitPattern: state.context) else { return }
      unsafe lws_cancel_service(context)
    }
  }

  /// Takes all commands.
  func take() -> [Command] {
    state.withLock { state in
      defer { state.commands = [] }
      return state.commands
    }
  }

  func open(context: UInt) { state.withLock { $0.context = context } }

  func close() { state.withLock { $0 = State() } }
}

/// Something that happens once and many may wait for.
final class Occasion: Sendable {
  private struct State {
    var hasHappened = false
    var waiting: [CheckedContinuation<Void, Never>] = []
  }

  private let state = Mutex(State())

  func happen() {
    let waiting = state.withLock { state in
      state.hasHappened = true
      defer { state.waiting = [] }
      return state.waiting
    }
    for continuation in waiting { continuation.resume() }
  }

  func wait() async {
    await withCheckedContinuation { continuation in
      let isOver = state.withLock { state in
        if !state.hasHappened { state.waiting.append(continuation) }
        return state.hasHappened
      }
      if isOver { continuation.resume() }
    }
  }
}

/// Numbers for connections; none is used twice in a process.
enum ConnectionNumber {
  private static let last = Atomic<UInt64>(0)

  static func next() -> UInt64 { last.wrappingAdd(1, ordering: .relaxed).newValue }
}
