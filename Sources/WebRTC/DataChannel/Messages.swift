/// The messages of a channel, in the order they came, until it closes.
///
/// What is not read yet is taken off the receive window: a slow reader slows the other side down, and memory
/// stays bounded.
public struct Messages: AsyncSequence, Sendable {
  /// One message.
  public typealias Element = DataChannel.Message

  /// Takes one message after the other.
  public struct Iterator: AsyncIteratorProtocol {
    fileprivate var base: AsyncStream<DataChannel.Message>.Iterator
    fileprivate let unread: UnreadMessages

    /// The next message; nil once the channel is closed.
    public mutating func next(
      isolation actor: isolated (any Actor)? = #isolation
    ) async -> DataChannel.Message? {
      guard let message = await base.next(isolation: actor) else { return nil }
      unread.take(message.byteCount)
      return message
    }

    /// The next message; nil once the channel is closed.
    public mutating func next() async -> DataChannel.Message? { await next(isolation: nil) }
  }

  let stream: AsyncStream<DataChannel.Message>
  let unread: UnreadMessages

  /// One reader's place.
  public func makeAsyncIterator() -> Iterator {
    Iterator(base: stream.makeAsyncIterator(), unread: unread)
  }
}
