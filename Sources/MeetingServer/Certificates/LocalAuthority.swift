import Cryptography
import Foundation
import Net

/// A certificate authority of this server's own, for people on the same network, and the server's
/// certificate that it signs; both are kept.
struct LocalAuthority: Sendable {
  private enum File {
    static let authority = "ca.crt"
    static let authorityKey = "ca.key"
    static let server = "server.crt"
    static let serverKey = "server.key"
  }

  /// Ten years; whoever trusts an authority does not want to do so again soon.
  private static let authorityLifetime: Int64 = 3653 * 86_400
  /// Browsers take no longer ones than 398 days.
  private static let serverLifetime: Int64 = 397 * 86_400
  /// A certificate is replaced when it has less than this to go.
  private static let renewal: Int64 = 30 * 86_400
  /// Clocks of telephones may be slow.
  private static let backdating: Int64 = 86_400

  private let files: KeptFiles
  private let issuer: IssuedCertificate

  /// What is kept in the data directory, or made there at `now`, in seconds since 1970.
  init(in directory: String, named name: String, at now: Int64) throws(ServerFault) {
    files = try KeptFiles(in: directory, "local-authority")
    if let kept = Self.kept(in: files, at: now) {
      issuer = kept
    } else {
      issuer = try Self.made(in: files, named: name, at: now)
    }
  }

  /// The authority's certificate, which is to be trusted.
  var certificatePEM: String { PEM.text(PEM.certificate, issuer.certificate) }

  /// By what its owner recognises it.
  var fingerprint: String {
    let text = CertificateFingerprint(ofCertificate: issuer.certificate.span).description
    return String(text.drop { $0 != " " }.dropFirst())
  }

  /// Has `store` show a certificate for all of `subjects`: the kept one if it will do, or a new one.
  /// Whether it was a new one. The store is this authority's alone.
  @discardableResult
  func certify(
    _ subjects: [CertificateSubject], in store: CertificateStore, at now: Int64
  ) throws(ServerFault) -> Bool {
    func fits() -> Bool {
      Self.lasts(store.validity, from: now) && subjects.allSatisfy { store.covers($0.description) }
    }
    if fits() { return false }
    if let chain = files.text(File.server), let key = files.text(File.serverKey),
      isSigned(chain), Self.show(chain, key, in: store), fits()
    {
      return false
    }
    let validity = now - Self.backdating...now - Self.backdating + Self.serverLifetime
    let issued: IssuedCertificate
    do {
      issued = try issuer.issue(for: subjects, validity: validity)
    } catch {
      throw ServerFault("no certificate could be made for this machine's addresses")
    }
    let chain = PEM.text(PEM.certificate, issued.certificate)
    let key = PEM.text(PEM.privateKey, issued.key.der)
    try files.write(key, to: File.serverKey)
    try files.write(chain, to: File.server)
    guard Self.show(chain, key, in: store) else {
      throw ServerFault("the certificate made for this machine's addresses cannot be used")
    }
    return true
  }

  private func isSigned(_ chain: String) -> Bool {
    PEM.der(PEM.certificate, in: chain).map { issuer.hasIssued($0) } ?? false
  }

  private static func show(_ chain: String, _ key: String, in store: CertificateStore) -> Bool {
    (try? store.replace(certificatesPEM: chain, privateKeyPEM: key)) != nil
  }

  private static func lasts(_ validity: ClosedRange<Int64>?, from now: Int64) -> Bool {
    guard let validity else { return false }
    return validity.lowerBound <= now && now + renewal < validity.upperBound
  }

  private static func kept(in files: KeptFiles, at now: Int64) -> IssuedCertificate? {
    guard let chain = files.text(File.authority), let key = files.text(File.authorityKey),
      let store = try? CertificateStore(certificatesPEM: chain, privateKeyPEM: key),
      // What it signs shall not outlive it.
      let validity = store.validity, now + serverLifetime < validity.upperBound,
      let der = PEM.der(PEM.certificate, in: chain),
      let read = PEM.der(PEM.privateKey, in: key).flatMap({ SigningKey(der: $0) })
    else { return nil }
    return IssuedCertificate(certificate: der, key: read)
  }

  private static func made(
    in files: KeptFiles, named name: String, at now: Int64
  ) throws(ServerFault) -> IssuedCertificate {
    let validity = now - backdating...now - backdating + authorityLifetime
    let made: IssuedCertificate
    do {
      made = try .authority(named: String(name.prefix(60)), validity: validity)
    } catch {
      throw ServerFault("no certificate authority could be made")
    }
    try files.write(PEM.text(PEM.privateKey, made.key.der), to: File.authorityKey)
    try files.write(PEM.text(PEM.certificate, made.certificate), to: File.authority)
    return made
  }
}
