/// A client's WebSocket as the meeting sees it. Neither call waits; text goes out in order.
public protocol ClientSocket: Sendable {
  /// Sends one text message.
  func send(_ text: String)
  /// Closes with a code and a reason (RFC 6455 §7.4), after what was sent.
  func close(code: UInt16, reason: String)
}

/// A socket's number, unique in this process.
public struct SocketID: Hashable, Sendable {
  let rawValue: UInt64
}
