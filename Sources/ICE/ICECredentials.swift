public import STUN
public import Wire

/// The short-term credentials of one side (RFC 8445 §5.3, RFC 8839 §5.4).
public struct ICECredentials: Sendable, Hashable {
  /// 4–256 bytes; names the agent in USERNAME.
  public let usernameFragment: String
  /// 22–256 bytes; the key of MESSAGE-INTEGRITY.
  public let password: String

  /// Credentials as they stand in `a=ice-ufrag` and `a=ice-pwd`; nil where a length is not allowed
  /// or a character is not an `ice-char`.
  public init?(usernameFragment: String, password: String) {
    guard (4...256).contains(usernameFragment.utf8.count),
      (22...256).contains(password.utf8.count),
      usernameFragment.utf8.allSatisfy(Self.isICECharacter),
      password.utf8.allSatisfy(Self.isICECharacter)
    else { return nil }
    self.init(checked: usernameFragment, password)
  }

  private init(checked usernameFragment: String, _ password: String) {
    self.usernameFragment = usernameFragment
    self.password = password
  }

  /// Fresh credentials: 8 characters (48 bits) and 24 characters (144 bits).
  public static func random(using random: inout RandomSource) -> Self {
    Self(checked: text(8, &random), text(24, &random))
  }

  /// Fresh credentials whose fragment begins with two characters that tell a number below 4096: whoever sees a
  /// check first knows from them for whom it is.
  public static func random(marked mark: Int, using random: inout RandomSource) -> Self {
    let mark = [alphabet[(mark >> 6) & 63], alphabet[mark & 63]]
    return Self(
      checked: String(decoding: mark, as: Unicode.ASCII.self) + text(8, &random), text(24, &random))
  }

  /// The number that a fragment made by `random(marked:using:)` begins with; nil where it cannot be one.
  public static func mark(of fragment: STUNUsernameFragment) -> Int? {
    let (first, second) = fragment.firstBytes
    guard let high = value(first), let low = value(second) else { return nil }
    return high << 6 | low
  }

  /// What place in the alphabet a byte has.
  private static func value(_ byte: UInt8) -> Int? {
    switch byte {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): Int(byte) - 65
    case UInt8(ascii: "a")...UInt8(ascii: "z"): Int(byte) - 97 + 26
    case UInt8(ascii: "0")...UInt8(ascii: "9"): Int(byte) - 48 + 52
    case UInt8(ascii: "+"): 62
    case UInt8(ascii: "/"): 63
    default: nil
    }
  }

  private static func text(_ count: Int, _ random: inout RandomSource) -> String {
    String(
      decoding: (0..<count).map { _ in alphabet[Int(random.next() >> 58)] }, as: Unicode.ASCII.self)
  }

  /// RFC 8839 §5.1: ALPHA / DIGIT / "+" / "/". Some agents also use "-" and "_".
  private static func isICECharacter(_ byte: UInt8) -> Bool {
    alphabet.contains(byte) || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
      || byte == UInt8(ascii: "=")
  }

  private static let alphabet = Array(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
}
