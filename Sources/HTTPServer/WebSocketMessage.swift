/// A whole WebSocket message.
public enum WebSocketMessage: Sendable, Equatable {
  /// UTF-8 text.
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

/// How a WebSocket ended.
public struct WebSocketClosure: Sendable, Equatable {
  /// The close code: the peer's, ours, or 1006 where the connection was lost without one.
  public var code: WebSocketCloseCode
  /// The text that came with it.
  public var reason: String
  /// Whether the peer took part: it sent a close frame.
  public var isClean: Bool
}

/// A close code (RFC 6455 §7.4).
public struct WebSocketCloseCode: RawRepresentable, Hashable, Sendable,
  ExpressibleByIntegerLiteral
{
  /// The number.
  public let rawValue: UInt16

  /// The code of that number.
  public init(rawValue: UInt16) { self.rawValue = rawValue }

  /// The code of that number.
  public init(integerLiteral value: UInt16) { self.rawValue = value }

  /// 1000
  public static let normal: WebSocketCloseCode = 1000
  /// 1001
  public static let goingAway: WebSocketCloseCode = 1001
  /// 1002
  public static let protocolError: WebSocketCloseCode = 1002
  /// 1005: a close frame without code; never sent.
  public static let noStatus: WebSocketCloseCode = 1005
  /// 1006: no close frame; never sent.
  public static let abnormal: WebSocketCloseCode = 1006
  /// 1007
  public static let invalidData: WebSocketCloseCode = 1007
  /// 1008
  public static let policyViolation: WebSocketCloseCode = 1008
  /// 1009
  public static let messageTooBig: WebSocketCloseCode = 1009
  /// 1011
  public static let internalError: WebSocketCloseCode = 1011
  /// 1013
  public static let tryAgainLater: WebSocketCloseCode = 1013

  /// Whether the code may stand in a close frame: defined or registered for one, or private.
  var mayBeSent: Bool {
    switch rawValue {
    case 1000...1003, 1007...1014, 3000...4999: true
    default: false
    }
  }
}
