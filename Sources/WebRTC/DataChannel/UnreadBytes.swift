import Synchronization

/// How many bytes of a connection's messages nobody has read yet.
final class UnreadBytes: Sendable {
  private struct Count {
    var unread = 0
    /// What the association knows of it.
    var told = 0
    /// A reader has asked that it be told, and will not ask again before.
    var isAsked = false
  }

  /// The association hears of it in such parts, so that neither reader nor window moves with each message.
  private let step: Int
  private let count = Mutex(Count())

  /// For a connection that holds at most `limit` bytes.
  init(limit: Int) { step = max(1, min(256 << 10, limit / 4)) }

  var total: Int { count.withLock { $0.unread } }

  func add(_ byteCount: Int) { count.withLock { $0.unread += byteCount } }

  /// Takes some off; true where the association should hear of it.
  func take(_ byteCount: Int) -> Bool {
    count.withLock { count in
      count.unread -= byteCount
      guard !count.isAsked, isNews(count) else { return false }
      count.isAsked = true
      return true
    }
  }

  /// What the association should hear now; nil where it knows well enough.
  func takeNews() -> Int? {
    count.withLock { count in
      count.isAsked = false
      guard isNews(count) else { return nil }
      count.told = count.unread
      return max(0, count.unread)
    }
  }

  private func isNews(_ count: Count) -> Bool {
    abs(count.unread - count.told) >= step || (count.unread <= 0 && count.told > 0)
  }
}

/// One channel's part of it, given back when nobody can read it any more.
final class UnreadMessages: Sendable {
  /// What a message takes beside its bytes: a flood of small ones is one too.
  private static let messageCost = 64

  private let whole: UnreadBytes
  private let handle: ConnectionHandle
  private let own = Mutex(0)

  init(_ whole: UnreadBytes, _ handle: ConnectionHandle) {
    self.whole = whole
    self.handle = handle
  }

  deinit {
    let rest = own.withLock { $0 }
    if rest > 0 { giveBack(rest) }
  }

  func add(_ byteCount: Int) {
    own.withLock { $0 += byteCount + Self.messageCost }
    whole.add(byteCount + Self.messageCost)
  }

  func take(_ byteCount: Int) {
    own.withLock { $0 -= byteCount + Self.messageCost }
    giveBack(byteCount + Self.messageCost)
  }

  private func giveBack(_ byteCount: Int) {
    if whole.take(byteCount) { handle.noteReading() }
  }
}
