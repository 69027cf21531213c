public import Wire

/// What the bytes of a message are to the layer above (RFC 9260 §3.3.1, RFC 8831 §8).
public struct PayloadProtocolIdentifier: RawRepresentable, Hashable, Sendable {
  /// The number on the wire.
  public let rawValue: UInt32

  /// Any number.
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// A message of the data channel establishment protocol (RFC 8832).
  public static let establishment = Self(rawValue: 50)
  /// UTF-8 text.
  public static let string = Self(rawValue: 51)
  /// Bytes.
  public static let binary = Self(rawValue: 53)
  /// A text of length zero, which SCTP cannot carry: one byte stands for it.
  public static let emptyString = Self(rawValue: 56)
  /// No bytes, which SCTP cannot carry: one byte stands for them.
  public static let emptyBinary = Self(rawValue: 57)
}

/// One message of a stream.
public struct SCTPMessage: Sendable, Hashable {
  /// The stream it came or goes on.
  public var stream: UInt16
  /// What its bytes are.
  public var identifier: PayloadProtocolIdentifier
  /// The whole message; never empty on the wire.
  public var payload: [UInt8]

  /// A message.
  public init(stream: UInt16, identifier: PayloadProtocolIdentifier, payload: [UInt8]) {
    self.stream = stream
    self.identifier = identifier
    self.payload = payload
  }
}

/// How hard to try to deliver one message (RFC 3758, RFC 7496).
public struct SCTPDelivery: Sendable, Hashable {
  /// Whether later messages of the stream wait for it.
  public var isOrdered: Bool
  /// Sent again at most so often; `nil` for as often as it takes.
  public var maximumRetransmissions: UInt16?
  /// Given up after so long; `nil` for never.
  public var lifetime: Duration?

  /// Reliable and in order, unless said otherwise.
  public init(
    isOrdered: Bool = true, maximumRetransmissions: UInt16? = nil, lifetime: Duration? = nil
  ) {
    self.isOrdered = isOrdered
    self.maximumRetransmissions = maximumRetransmissions
    self.lifetime = lifetime
  }
}
