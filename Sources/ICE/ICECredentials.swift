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
