import Cryptography

/// How a long-term key is made of a password (RFC 8489 §14.11, §18.5).
public enum STUNPasswordAlgorithm: UInt16, Sendable, CaseIterable {
  /// MD5, which every server of the field expects.
  case md5 = 1
  /// SHA-256, where a server offers it.
  case sha256 = 2
}

/// The key of the long-term credential mechanism (RFC 8489 §9.2.2).
///
/// User name, realm and password are taken as their UTF-8: whoever has them in another normal form
/// than the server prepares them first (RFC 8265).
public struct STUNLongTermKey: Sendable, Equatable {
  /// The hash of `username:realm:password`.
  public let bytes: [UInt8]
  /// The hash function, which also tells the kind of MESSAGE-INTEGRITY.
  public let algorithm: STUNPasswordAlgorithm

  /// The key of a user in a realm.
  public init(
    username: String, realm: String, password: String, algorithm: STUNPasswordAlgorithm = .md5
  ) {
    let text = Array("\(username):\(realm):\(password)".utf8)
    self.algorithm = algorithm
    bytes =
      switch algorithm {
      case .md5: MessageDigest.md5.hash(text.span)
      case .sha256: MessageDigest.sha256.hash(text.span)
      }
  }
}
