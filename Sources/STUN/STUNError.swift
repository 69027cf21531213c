import Wire

/// Why bytes are not a STUN message we use.
public enum STUNError: Error, Equatable, Sendable {
  /// Not STUN at all: too short, leading bits set, or no magic cookie (RFC 8489 §5).
  case notSTUN
  /// The header's length is no multiple of four or does not match the datagram (RFC 8489 §5).
  case badLength
  /// An attribute reaches past the end of the message (RFC 8489 §14).
  case attributePastEnd
  /// More attributes than `STUNMessage.maximumAttributeCount`.
  case tooManyAttributes
  /// An attribute's value has a length or content that its definition does not allow.
  case malformedAttribute(STUNAttributeType)
}

extension STUNError {
  /// Input that ended early inside an attribute's value.
  init(_: Truncated, in type: STUNAttributeType) { self = .malformedAttribute(type) }
}
