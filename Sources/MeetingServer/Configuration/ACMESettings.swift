import Cryptography

/// Which certificate authority is asked, and for what (RFC 8555).
public struct ACMESettings: Sendable, Equatable {
  /// Let's Encrypt's directory.
  public static let letsEncrypt = "https://acme-v02.api.letsencrypt.org/directory"

  /// Host names, the main one first.
  public var domains: [String] = []
  /// Whom the authority may write to.
  public var email: String?
  /// The authority's directory.
  public var directory = letsEncrypt
  /// A PEM file with the authorities that vouch for the ACME server itself; nil for the system's.
  public var authorityFile: String?

  /// For no name yet, at Let's Encrypt.
  public init() {}

  /// A host name of at least two labels in lower case; nil for anything else.
  static func name(_ text: String) -> String? {
    let labels = text.split(separator: ".", omittingEmptySubsequences: false)
    guard case .name(let name) = CertificateSubject(text), labels.count >= 2,
      labels.allSatisfy({
        (1...63).contains($0.count) && $0.first != "-" && $0.last != "-"
      })
    else { return nil }
    return name.lowercased()
  }

  static func isMailAddress(_ text: String) -> Bool {
    let parts = text.split(separator: "@", omittingEmptySubsequences: false)
    return parts.count == 2 && parts.allSatisfy { !$0.isEmpty } && text.utf8.count <= 254
      && text.utf8.allSatisfy { $0 > 32 && $0 < 127 && $0 != UInt8(ascii: ",") }
  }
}
