import Net
import Synchronization

/// Where a worker hears of streams that have news for it.
final class StreamDesk: Sendable {
  private let loop: EventLoop
  private let streams = Mutex<[MediaStream]>([])

  init(loop: EventLoop) { self.loop = loop }

  /// Has the worker look at a stream in its next turn.
  func post(_ stream: MediaStream) {
    streams.withLock { $0.append(stream) }
    loop.wake()
  }

  /// The streams with news, in order.
  func take() -> [MediaStream] {
    streams.withLock { streams in
      guard !streams.isEmpty else { return [] }
      defer { streams = [] }
      return streams
    }
  }
}
