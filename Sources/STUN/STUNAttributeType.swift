/// The type of an attribute (RFC 8489 §14, RFC 8445 §16.1); any 16-bit number is one.
public struct STUNAttributeType: RawRepresentable, Hashable, Sendable {
  /// The number on the wire.
  public let rawValue: UInt16

  /// The type with the number `rawValue`.
  public init(rawValue: UInt16) { self.rawValue = rawValue }

  /// Whether a receiver that does not know the type may ignore it (RFC 8489 §14: 0x8000–0xFFFF).
  public var isComprehensionOptional: Bool { rawValue & 0x8000 != 0 }

  /// RFC 8489 §14.1.
  public static let mappedAddress = Self(rawValue: 0x0001)
  /// RFC 8489 §14.3.
  public static let username = Self(rawValue: 0x0006)
  /// RFC 8489 §14.5.
  public static let messageIntegrity = Self(rawValue: 0x0008)
  /// RFC 8489 §14.8.
  public static let errorCode = Self(rawValue: 0x0009)
  /// RFC 8489 §14.13.
  public static let unknownAttributes = Self(rawValue: 0x000a)
  /// RFC 8489 §14.9.
  public static let realm = Self(rawValue: 0x0014)
  /// RFC 8489 §14.10.
  public static let nonce = Self(rawValue: 0x0015)
  /// RFC 8489 §14.6.
  public static let messageIntegritySHA256 = Self(rawValue: 0x001c)
  /// RFC 8489 §14.2.
  public static let xorMappedAddress = Self(rawValue: 0x0020)
  /// RFC 8445 §16.1.
  public static let priority = Self(rawValue: 0x0024)
  /// RFC 8445 §16.1.
  public static let useCandidate = Self(rawValue: 0x0025)
  /// RFC 8489 §14.14.
  public static let software = Self(rawValue: 0x8022)
  /// RFC 8489 §14.7.
  public static let fingerprint = Self(rawValue: 0x8028)
  /// RFC 8445 §16.1.
  public static let iceControlled = Self(rawValue: 0x8029)
  /// RFC 8445 §16.1.
  public static let iceControlling = Self(rawValue: 0x802a)
}
