import Cryptography
import Foundation

/// The key that an ACME account is known by, and what it signs (RFC 8555 §6, RFC 7515).
struct ACMEAccountKey: Sendable {
  let key: SigningKey

  /// The public key; its members are in the order that a thumbprint needs (RFC 7638 §3).
  private var publicKey: String {
    let point = key.publicPoint
    return #"{"crv":"P-256","kty":"EC","x":"\#(base64URL(point.x))","y":"\#(base64URL(point.y))"}"#
  }

  /// What a challenge's token becomes when this account answers it (RFC 8555 §8.1).
  func authorization(for token: String) -> String {
    "\(token).\(base64URL(MessageDigest.sha256.hash(Array(publicKey.utf8).span)))"
  }

  /// A request's body: `payload` is JSON, or empty to ask only; `account` is the account's URL, once known.
  func sign(
    _ payload: String, to url: String, nonce: String, account: String?
  ) throws(CertificateGenerationFailed) -> String {
    let identity = account.map { #""kid":\#(quoted($0))"# } ?? #""jwk":\#(publicKey)"#
    let header =
      #"{"alg":"ES256",\#(identity),"nonce":\#(quoted(nonce)),"url":\#(quoted(url))}"#
    let protected = base64URL(Array(header.utf8))
    let payload = base64URL(Array(payload.utf8))
    let signature = base64URL(try key.sign(Array("\(protected).\(payload)".utf8)))
    return
      #"{"protected":"\#(protected)","payload":"\#(payload)","signature":"\#(signature)"}"#
  }
}

/// RFC 7515 §2: base64 for URLs, without padding.
func base64URL(_ bytes: [UInt8]) -> String {
  Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_")
    .replacing("=", with: "")
}

/// A text as JSON has it.
func quoted(_ text: String) -> String {
  let encoder = JSONEncoder()
  encoder.outputFormatting = .withoutEscapingSlashes
  return (try? encoder.encode(text)).map { String(decoding: $0, as: UTF8.self) } ?? "\"\""
}
