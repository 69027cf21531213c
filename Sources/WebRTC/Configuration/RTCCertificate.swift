public import Cryptography
import DTLS

/// A certificate and its key, by which the other side knows us again (W3C WebRTC §4.9).
///
/// Connections make one of their own unless they are given one; who wants the same fingerprint after a restart keeps
/// `certificateDER` and `privateKeyDER`.
public struct RTCCertificate: Sendable {
  let identity: DTLSIdentity
  private let certificate: SelfSignedCertificate

  /// A new P-256 key and a certificate for it.
  public static func generate() throws(RTCError) -> RTCCertificate {
    do {
      return RTCCertificate(try SelfSignedCertificate.generate())
    } catch {
      throw .certificateUnusable
    }
  }

  /// A certificate that was kept.
  public init(certificateDER: [UInt8], privateKeyDER: [UInt8]) throws(RTCError) {
    guard
      let kept = SelfSignedCertificate(certificate: certificateDER, privateKey: privateKeyDER)
    else { throw .certificateUnusable }
    self.init(kept)
  }

  private init(_ certificate: SelfSignedCertificate) {
    self.certificate = certificate
    identity = DTLSIdentity(certificate)
  }

  /// The X.509 certificate in DER.
  public var certificateDER: [UInt8] { certificate.certificate }

  /// The private key in DER (RFC 5915). Whoever has it can pass for us.
  public var privateKeyDER: [UInt8] { certificate.privateKey }

  /// What the other side is told to expect.
  public var fingerprint: CertificateFingerprint { identity.fingerprint }
}
