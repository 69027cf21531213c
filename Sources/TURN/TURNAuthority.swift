import Cryptography

/// Whose word a TURN server takes: users with passwords, and secrets shared with whoever hands out
/// credentials that run out.
public struct TURNAuthority: Sendable, Equatable {
  /// Passwords by user name.
  public var users: [String: String]
  /// Secrets that credentials may be made with; several while one takes the place of another.
  public var secrets: [TURNSharedSecret]

  /// An authority; without arguments it knows nobody.
  public init(users: [String: String] = [:], secrets: [TURNSharedSecret] = []) {
    self.users = users
    self.secrets = secrets
  }

  /// The passwords a user may have, and when the credentials run out, in seconds of Unix time. Empty for
  /// nobody we know and for credentials whose time is over.
  func passwords(
    of username: String, unixTime: Int64
  ) -> (passwords: [String], expiresAt: Int64?) {
    if let password = users[username] { return ([password], nil) }
    guard let expiresAt = TURNSharedSecret.expiry(of: username), expiresAt > unixTime else {
      return ([], nil)
    }
    return (secrets.map { $0.password(of: username) }, expiresAt)
  }
}

/// A secret with which a web server makes credentials for a TURN server, without either asking the other
/// (draft-uberti-behave-turn-rest-00): the user name begins with the Unix time at which they run out, and the
/// password is its HMAC-SHA1 in base 64.
public struct TURNSharedSecret: Sendable, Equatable {
  private let bytes: [UInt8]

  /// The secret with the UTF-8 of `text`.
  public init(_ text: String) { bytes = Array(text.utf8) }

  /// Credentials that are good until `expiresAt`, in seconds of Unix time.
  public func credentials(for name: String, expiresAt: Int64) -> TURNClient.Credentials {
    let username = name.isEmpty ? "\(expiresAt)" : "\(expiresAt):\(name)"
    return TURNClient.Credentials(username: username, password: password(of: username))
  }

  func password(of username: String) -> String {
    let name = Array(username.utf8)
    return Base64.text(HMACSHA1.authenticate(name.span, key: bytes.span))
  }

  static func expiry(of username: String) -> Int64? {
    let digits = username.prefix { $0 != ":" }
    guard (1...12).contains(digits.utf8.count),
      digits.utf8.allSatisfy({ (48...57).contains($0) })
    else { return nil }
    return Int64(digits)
  }
}
