/// One message of a channel (RFC 8831 §6.6).
public struct DataChannelMessage: Sendable, Hashable {
  /// What the bytes are.
  public enum Kind: Sendable, Hashable {
    /// UTF-8.
    case text
    /// Anything.
    case binary
  }

  /// What the bytes are.
  public var kind: Kind
  /// The bytes; there may be none. Those of a text are handed on as they came, and were not checked.
  public var bytes: [UInt8]

  /// A message.
  public init(kind: Kind, bytes: [UInt8]) {
    self.kind = kind
    self.bytes = bytes
  }

  /// A message of text.
  public static func text(_ text: String) -> Self { Self(kind: .text, bytes: Array(text.utf8)) }

  /// A message of bytes.
  public static func binary(_ bytes: [UInt8]) -> Self { Self(kind: .binary, bytes: bytes) }

  /// The bytes as text. What is not valid UTF-8 becomes U+FFFD, as browsers show it.
  public var string: String { String(decoding: bytes, as: UTF8.self) }

  /// The message that `received` carries; `nil` for one that is none of a channel's.
  init?(_ received: SCTPMessage) {
    switch received.identifier {
    case .string: self.init(kind: .text, bytes: received.payload)
    case .binary: self.init(kind: .binary, bytes: received.payload)
    case .emptyString: self.init(kind: .text, bytes: [])
    case .emptyBinary: self.init(kind: .binary, bytes: [])
    default: return nil
    }
  }

  /// The message as SCTP carries it: for no bytes one that is not looked at.
  func carried(on stream: UInt16) -> SCTPMessage {
    let identifier: PayloadProtocolIdentifier =
      switch kind {
      case .text: bytes.isEmpty ? .emptyString : .string
      case .binary: bytes.isEmpty ? .emptyBinary : .binary
      }
    return SCTPMessage(
      stream: stream, identifier: identifier, payload: bytes.isEmpty ? [0] : bytes)
  }
}
