/// A client's WebSocket as the meeting sees it. Neither call waits; text goes out in order.
public protocol ClientSocket: Sendable {
  /// The host and port that the client asked for; nil where that is not known.
  var host: String? { get }
  /// Where the client sits, as far as that is known; to be shown and logged.
  var address: String? { get }
  /// Sends one text message.
  func send(_ text: String)
  /// Closes with a code and a reason (RFC 6455 §7.4), after what was sent.
  func close(code: UInt16, reason: String)
}

extension ClientSocket {
  /// Not known.
  public var host: String? { nil }
}

/// A socket's number, unique in this process.
public struct SocketID: Hashable, Sendable {
  let rawValue: UInt64
}
