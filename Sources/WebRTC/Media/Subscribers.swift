import Synchronization

/// Streams of one kind of thing to whoever asked for one. Each keeps the newest things that were not read.
final class Subscribers<Element: Sendable>: Sendable {
  private struct State {
    var feeds: [Int: AsyncStream<Element>.Continuation] = [:]
    var lastNumber = 0
    var hasBegun = false
    var isFinished = false
  }

  private let state = Mutex(State())
  private let limit: Int

  init(limit: Int) { self.limit = limit }

  /// What comes from now on, and whether something came before, which nobody may have read.
  func subscribe() -> (stream: AsyncStream<Element>, isLate: Bool) {
    let (stream, feed) = AsyncStream<Element>.makeStream(bufferingPolicy: .bufferingNewest(limit))
    let (number, isLate) = state.withLock { state -> (Int?, Bool) in
      guard !state.isFinished else { return (nil, false) }
      state.lastNumber += 1
      state.feeds[state.lastNumber] = feed
      return (state.lastNumber, state.hasBegun)
    }
    guard let number else {
      feed.finish()
      return (stream, false)
    }
    feed.onTermination = { [weak self] _ in
      self?.state.withLock { $0.feeds[number] = nil }
    }
    return (stream, isLate)
  }

  func yield(_ element: Element) {
    let feeds = state.withLock { state in
      state.hasBegun = true
      return state.feeds.values.map(\.self)
    }
    for feed in feeds { feed.yield(element) }
  }

  func finish() {
    let feeds = state.withLock { state in
      state.isFinished = true
      defer { state.feeds = [:] }
      return state.feeds.values.map(\.self)
    }
    for feed in feeds { feed.finish() }
  }
}
