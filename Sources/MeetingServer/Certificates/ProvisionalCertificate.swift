import Cryptography
import Net

/// What a server shows that waits for its first certificate.
///
/// Browsers warn of it, and that says more than a connection that breaks: the name leads here, the port is open, and what
/// is missing is the certificate. It is kept nowhere, and so is its authority's key.
enum ProvisionalCertificate {
  /// An authority may take long to give one; a restart makes another of these.
  private static let lifetime: Int64 = 90 * 86_400
  /// Clocks may be slow.
  private static let backdating: Int64 = 86_400

  /// Has `store` show one for all of `domains` from now on, in seconds since 1970.
  static func show(in store: CertificateStore, for domains: [String], at now: Int64) -> Bool {
    let validity = now - backdating...now + lifetime
    guard
      let authority = try? IssuedCertificate.authority(
        named: "Jumpa, which waits for its certificate", validity: validity),
      let issued = try? authority.issue(
        for: domains.compactMap { CertificateSubject($0) }, validity: validity)
    else { return false }
    let chain = PEM.text(PEM.certificate, issued.certificate)
    let key = PEM.text(PEM.privateKey, issued.key.der)
    return (try? store.replace(certificatesPEM: chain, privateKeyPEM: key)) != nil
  }
}
