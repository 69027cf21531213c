import SCTP
import Session
import Wire

/// What the public objects of a connection hold: its place in the engine.
struct ConnectionHandle: Sendable {
  let hub: Hub
  let key: ConnectionKey

  func perform<R: Sendable>(
    _ body: @Sendable (Connection, Instant, Outbox) throws(RTCError) -> R
  ) async throws(RTCError) -> R {
    try await hub.perform(key, body)
  }

  /// Some of what waited has been read.
  func noteReading() {
    // The connection looks at what was read after each call.
    Task { try? await perform { _, _, _ throws(RTCError) in } }
  }

  /// Sends a message once there is room for it.
  func send(_ message: DataChannelMessage, on channel: DataChannelID) async throws(RTCError) {
    while true {
      let isSent = try await perform { connection, now, outbox throws(RTCError) in
        try connection.send(message, on: channel, at: now, into: outbox)
      }
      if isSent { return }
      try await hub.wait(for: .room(channel, byteCount: message.bytes.count), of: key)
    }
  }

  func waitUntilOpen(_ channel: DataChannelID) async throws(RTCError) {
    try await hub.wait(for: .open(channel), of: key)
    let isOpen = try await perform { connection, _, _ throws(RTCError) in
      connection.isOpen(channel)
    }
    if !isOpen { throw .channelNotOpen }
  }

  /// Ends the connection.
  func close() async {
    try? await perform { connection, now, outbox throws(RTCError) in
      connection.close(at: now, into: outbox)
    }
  }

  /// Calls `body` with the session.
  func session<R: Sendable>(
    _ body: @Sendable (PeerSession, Instant, Outbox) throws(SessionError) -> R
  ) async throws(RTCError) -> R {
    try await perform { connection, now, outbox throws(RTCError) in
      do throws(SessionError) {
        return try body(connection.session, now, outbox)
      } catch {
        throw RTCError(error)
      }
    }
  }

  /// As above, for media.
  func media(
    _ body: @Sendable (PeerSession, Instant, Outbox) throws(MediaSendError) -> Void
  ) async throws(RTCError) {
    try await perform { connection, now, outbox throws(RTCError) in
      do throws(MediaSendError) {
        try body(connection.session, now, outbox)
      } catch {
        throw .mediaNotSent(error)
      }
    }
  }
}
