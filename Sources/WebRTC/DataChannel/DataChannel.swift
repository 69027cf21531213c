import SCTP
import Session
import Synchronization
public import Wire

/// A channel for messages between the two sides (W3C WebRTC §6.2).
///
/// Read `messages` in a `for await` loop. `send` waits while too much is on its way, so that a loop that sends a file
/// needs no bookkeeping of its own; it does not wait for the message to arrive.
public final class DataChannel: Sendable {
  /// How far a channel is.
  public enum State: String, Sendable {
    /// Not agreed yet; nothing can be sent.
    case connecting
    /// Messages flow.
    case open
    /// One side has closed it; what was sent before still arrives.
    case closing
    /// Over.
    case closed
  }

  /// One message.
  public enum Message: Sendable, Hashable {
    /// Text.
    case text(String)
    /// Bytes.
    case binary([UInt8])

    /// Its length in bytes.
    public var byteCount: Int {
      switch self {
      case .text(let text): text.utf8.count
      case .binary(let bytes): bytes.count
      }
    }
  }

  /// What happened to the channel.
  public enum Event: Sendable, Hashable {
    /// Messages flow from now on.
    case opened
    /// What waits to be sent has fallen to `bufferedAmountLowThreshold`.
    case bufferedAmountLow
    /// One side has closed it.
    case closing
    /// Over: nothing comes any more.
    case closed
  }

  /// What its maker called it.
  public let label: String
  /// The subprotocol its maker named, or empty.
  public let protocolName: String
  /// Whether messages arrive in order.
  public let isOrdered: Bool
  /// How often a message is sent again at most; `nil` for as often as it takes.
  public let maximumRetransmissions: UInt16?
  /// How long a message is tried; `nil` for as long as it takes.
  public let maximumLifetime: Duration?
  /// Whether both sides made it by themselves, with the same stream.
  public let isNegotiated: Bool
  /// What happens, from the channel's beginning to its end. For one reader.
  public let events: AsyncStream<Event>
  /// What the other side sends. For one reader.
  public let messages: Messages

  let identifier: DataChannelID
  private let handle: ConnectionHandle
  let inbox: AsyncStream<Message>.Continuation
  let feed: AsyncStream<Event>.Continuation
  private let unread: UnreadMessages
  private let lastState: Mutex<State>

  init(
    identifier: DataChannelID, options: DataChannelOptions, handle: ConnectionHandle,
    unread whole: UnreadBytes, state: State
  ) {
    self.identifier = identifier
    self.handle = handle
    label = options.label
    protocolName = options.protocolName
    isOrdered = options.isOrdered
    maximumRetransmissions = options.maximumRetransmissions
    maximumLifetime = options.maximumLifetime
    isNegotiated = options.negotiatedStream != nil
    (events, feed) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(64))
    let (stream, inbox) = AsyncStream<Message>.makeStream(bufferingPolicy: .unbounded)
    self.inbox = inbox
    let unread = UnreadMessages(whole, handle)
    self.unread = unread
    messages = Messages(stream: stream, unread: unread)
    lastState = Mutex(state)
  }

  /// How far it is.
  public var state: State { lastState.withLock { $0 } }

  /// The SCTP stream, once it is known.
  public var stream: UInt16? {
    get async { await look { $0.session.dataChannelStream($1) } ?? nil }
  }

  /// Bytes that have not been sent yet.
  public var bufferedAmount: Int {
    get async { await look { $0.session.dataChannelBufferedAmount($1) } ?? 0 }
  }

  /// At or below this many bytes `bufferedAmountLow` is told.
  public func setBufferedAmountLowThreshold(_ byteCount: Int) async {
    await look { $0.session.setDataChannelLowThreshold(byteCount, $1) }
  }

  private func look<R: Sendable>(
    _ body: @Sendable (Connection, DataChannelID) -> R
  ) async -> R? {
    let identifier = identifier
    return try? await handle.perform { connection, _, _ throws(RTCError) in
      body(connection, identifier)
    }
  }

  /// Waits until messages can be sent.
  public func opened() async throws(RTCError) {
    try await handle.waitUntilOpen(identifier)
  }

  /// Sends text.
  ///
  /// Waits while more than `PeerConnection.Configuration.sendBufferLimit` bytes of the channel wait to be sent.
  public func send(_ text: String) async throws(RTCError) {
    try await send(DataChannelMessage(kind: .text, bytes: Array(text.utf8)))
  }

  /// Sends a message, as `send(_: String)` does.
  public func send(_ message: Message) async throws(RTCError) {
    switch message {
    case .text(let text): try await send(text)
    case .binary(let bytes): try await send(bytes)
    }
  }

  /// Sends bytes, as `send(_: String)` does.
  public func send(_ bytes: [UInt8]) async throws(RTCError) {
    try await send(DataChannelMessage(kind: .binary, bytes: bytes))
  }

  private func send(_ message: DataChannelMessage) async throws(RTCError) {
    try await handle.send(message, on: identifier)
  }

  /// Ends the channel once what was sent has arrived.
  public func close() async {
    let identifier = identifier
    try? await handle.perform { connection, now, outbox throws(RTCError) in
      connection.session.closeDataChannel(identifier, at: now, into: outbox)
    }
  }

  // MARK: From the connection

  func receive(_ message: Message) {
    unread.add(message.byteCount)
    // A reader that was cancelled has ended the stream: then nobody will read this one.
    if case .terminated = inbox.yield(message) { unread.take(message.byteCount) }
  }

  func note(_ event: Event) {
    switch event {
    case .opened: lastState.withLock { $0 = .open }
    case .closing: lastState.withLock { $0 = .closing }
    case .closed: lastState.withLock { $0 = .closed }
    case .bufferedAmountLow: break
    }
    feed.yield(event)
    guard event == .closed else { return }
    feed.finish()
    inbox.finish()
  }
}
