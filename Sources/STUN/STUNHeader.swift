/// What a message is in the exchange (RFC 8489 §5).
public enum STUNClass: UInt8, Sendable {
  /// Asks for an answer.
  case request = 0
  /// Asks for none.
  case indication = 1
  /// Answers a request that was carried out.
  case success = 2
  /// Answers a request that was refused.
  case error = 3
}

/// What a message is about: twelve bits (RFC 8489 §5).
public struct STUNMethod: RawRepresentable, Hashable, Sendable {
  /// The number, without the class bits between its digits.
  public let rawValue: UInt16

  /// The method with the low twelve bits of `rawValue`.
  public init(rawValue: UInt16) { self.rawValue = rawValue & 0x0fff }

  /// The only method that ICE uses.
  public static let binding = Self(rawValue: 0x001)
  /// RFC 8656 §7.
  public static let allocate = Self(rawValue: 0x003)
  /// RFC 8656 §8.
  public static let refresh = Self(rawValue: 0x004)
  /// RFC 8656 §11.
  public static let send = Self(rawValue: 0x006)
  /// RFC 8656 §11.
  public static let data = Self(rawValue: 0x007)
  /// RFC 8656 §10.
  public static let createPermission = Self(rawValue: 0x008)
  /// RFC 8656 §12.
  public static let channelBind = Self(rawValue: 0x009)
  /// RFC 6062 §4.3.
  public static let connect = Self(rawValue: 0x00a)
  /// RFC 6062 §4.4.
  public static let connectionBind = Self(rawValue: 0x00b)
  /// RFC 6062 §4.5.
  public static let connectionAttempt = Self(rawValue: 0x00c)
}

/// The 96 bits that tie an answer to its request (RFC 8489 §5).
public struct STUNTransactionID: Hashable, Sendable {
  /// The first four bytes.
  public let high: UInt32
  /// The last eight bytes.
  public let low: UInt64

  /// The identifier with the given bits.
  public init(high: UInt32, low: UInt64) {
    self.high = high
    self.low = low
  }

  /// A fresh identifier.
  public static func random(using random: inout some RandomNumberGenerator) -> Self {
    Self(high: UInt32(truncatingIfNeeded: random.next() >> 32), low: random.next())
  }
}

/// The first twenty bytes of a message.
///
/// ```
/// |0 0|  type (14 bits)  |        length         |
/// |                magic cookie                  |
/// |          transaction ID (96 bits)            |
/// ```
enum STUNHeader {
  static let byteCount = 20
  static let magicCookie: UInt32 = 0x2112_a442

  /// The class bits lie at bits 4 and 8 of the type, in the middle of the method's (RFC 8489 §5).
  static func type(_ messageClass: STUNClass, _ method: STUNMethod) -> UInt16 {
    let digits = method.rawValue
    let bits = UInt16(messageClass.rawValue)
    return digits & 0x000f | (digits & 0x0070) << 1 | (digits & 0x0f80) << 2
      | (bits & 1) << 4 | (bits & 2) << 7
  }

  static func messageClass(_ type: UInt16) -> STUNClass {
    switch (type & 0x0100 != 0, type & 0x0010 != 0) {
    case (false, false): .request
    case (false, true): .indication
    case (true, false): .success
    case (true, true): .error
    }
  }

  static func method(_ type: UInt16) -> STUNMethod {
    STUNMethod(rawValue: type & 0x000f | (type & 0x00e0) >> 1 | (type & 0x3e00) >> 2)
  }
}
