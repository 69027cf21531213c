/// A number and a sentence that say why a request was refused (RFC 8489 §14.8).
public struct STUNErrorCode: Equatable, Sendable {
  /// 300–699.
  public let rawValue: UInt16
  /// For people; may be empty.
  public let reason: String

  /// The code `rawValue` with `reason`.
  public init(rawValue: UInt16, reason: String = "") {
    self.rawValue = rawValue
    self.reason = reason
  }

  /// Another server is to be asked (RFC 8489 §14.8).
  public static let tryAlternate = Self(rawValue: 300)
  /// The request is malformed (RFC 8489 §14.8).
  public static let badRequest = Self(rawValue: 400)
  /// The request is not authenticated (RFC 8489 §14.8).
  public static let unauthenticated = Self(rawValue: 401)
  /// What is asked for is not allowed (RFC 8656 §19).
  public static let forbidden = Self(rawValue: 403)
  /// The request holds comprehension-required attributes we do not know (RFC 8489 §14.8).
  public static let unknownAttribute = Self(rawValue: 420)
  /// There is no allocation, or already one (RFC 8656 §19).
  public static let allocationMismatch = Self(rawValue: 437)
  /// The nonce is too old (RFC 8489 §14.8).
  public static let staleNonce = Self(rawValue: 438)
  /// The relay has no address of the family asked for (RFC 8656 §19).
  public static let addressFamilyNotSupported = Self(rawValue: 440)
  /// The allocation belongs to other credentials (RFC 8656 §19).
  public static let wrongCredentials = Self(rawValue: 441)
  /// The relay knows no such transport (RFC 8656 §19).
  public static let unsupportedTransport = Self(rawValue: 442)
  /// The peer's address is of another family than the relayed one (RFC 8656 §19).
  public static let peerAddressFamilyMismatch = Self(rawValue: 443)
  /// There is a connection to that peer already (RFC 6062 §6.3).
  public static let connectionAlreadyExists = Self(rawValue: 446)
  /// The peer could not be connected to in time (RFC 6062 §6.3).
  public static let connectionFailure = Self(rawValue: 447)
  /// These credentials have as many allocations as they may (RFC 8656 §19).
  public static let allocationQuotaReached = Self(rawValue: 486)
  /// Both agents claim the same ICE role (RFC 8445 §16.2).
  public static let roleConflict = Self(rawValue: 487)
  /// The server has no room left (RFC 8656 §19).
  public static let insufficientCapacity = Self(rawValue: 508)
}
