public import Cryptography

/// Who this process is to its peers: a certificate, its key and its fingerprint.
///
/// An immutable value: every worker makes its own `DTLSContext` from the one of the process.
public struct DTLSIdentity: Sendable {
  /// What the other side is to expect, for `a=fingerprint`.
  public let fingerprint: CertificateFingerprint

  let certificate: SelfSignedCertificate

  /// The certificate in DER.
  public var certificateDER: [UInt8] { certificate.certificate }

  /// The identity that `certificate` proves.
  public init(_ certificate: SelfSignedCertificate) {
    self.certificate = certificate
    fingerprint = CertificateFingerprint(ofCertificate: certificate.certificate.span)
  }

  /// A new P-256 key and a certificate for it; once a process.
  public static func generate(
    commonName: String = "WebRTC"
  ) throws(DTLSError) -> DTLSIdentity {
    do {
      return DTLSIdentity(try SelfSignedCertificate.generate(commonName: commonName))
    } catch {
      throw .libraryFailed
    }
  }
}
