import Net
import Synchronization

/// What readers of streams on other threads have to tell, until the relay reads it.
final class StreamMailbox: Sendable {
  /// What may wait of one stream; a reader that is told to stop and hands in more is rid of it.
  static let maximumBytes = 256 << 10
  /// What keeping a piece takes besides its bytes, about.
  static let pieceOverhead = 64

  enum Item {
    case opened(any RelayedStream)
    case received([UInt8], ObjectIdentifier)
    case ended(ObjectIdentifier)
  }

  private struct State {
    var items: [Item] = []
    var waiting: [ObjectIdentifier: Int] = [:]
    var held: Set<ObjectIdentifier> = []
    var isClosed = false
  }

  private let signal: LoopSignal
  private let state = Mutex(State())

  init(signal: LoopSignal) { self.signal = signal }

  /// Leaves what came on a stream; false where the relay takes nothing any longer, or where too much waits. From half of
  /// that on the stream is not read, until the relay has come.
  func post(_ bytes: [UInt8], on stream: any RelayedStream) -> Bool {
    let id = ObjectIdentifier(stream)
    let count = bytes.count + Self.pieceOverhead
    let isFilling = state.withLock {
      $0.waiting[id, default: 0] + count > Self.maximumBytes / 2
    }
    // Before the relay can find it here, so that its word to go on comes after this one.
    if isFilling { stream.setReading(false) }
    return add(.received(bytes, id)) { state in
      let waiting = state.waiting[id, default: 0] + count
      guard waiting <= Self.maximumBytes else { return false }
      state.waiting[id] = waiting
      if isFilling { state.held.insert(id) }
      return true
    }
  }

  /// False where the relay takes nothing any longer.
  func post(_ item: Item) -> Bool { add(item) { _ in true } }

  private func add(_ item: Item, if admits: (inout State) -> Bool) -> Bool {
    let (isTaken, isFirst) = state.withLock { state -> (Bool, Bool) in
      guard !state.isClosed, admits(&state) else { return (false, false) }
      state.items.append(item)
      return (true, state.items.count == 1)
    }
    if isFirst { signal.raise() }
    return isTaken
  }

  /// All that waits, and the streams that are not read because of it.
  func take() -> (items: [Item], held: Set<ObjectIdentifier>) {
    state.withLock { state in
      defer {
        state.items = []
        state.waiting = [:]
        state.held = []
      }
      return (state.items, state.held)
    }
  }

  func close() {
    state.withLock { state in
      state.isClosed = true
      state.items = []
    }
  }
}
