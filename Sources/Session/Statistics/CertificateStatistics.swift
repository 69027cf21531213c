/// A certificate (RTCCertificateStats).
public struct CertificateStatistics: Sendable, Hashable {
  /// Its fingerprint, in hexadecimal with colons.
  public var fingerprint: String
  /// Such as `sha-256`.
  public var fingerprintAlgorithm: String
  /// The certificate's DER in base 64.
  public var base64Certificate: String

  init(fingerprint: String, fingerprintAlgorithm: String, base64Certificate: String) {
    self.fingerprint = fingerprint
    self.fingerprintAlgorithm = fingerprintAlgorithm
    self.base64Certificate = base64Certificate
  }

  func write(into members: inout StatisticsMembers) {
    members.set("fingerprint", fingerprint)
    members.set("fingerprintAlgorithm", fingerprintAlgorithm)
    members.set("base64Certificate", base64Certificate)
  }
}
