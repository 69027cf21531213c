import Foundation
import Net

/// What a server needs for HTTPS: its certificate, whoever keeps that, and what is answered over plain
/// HTTP beside it.
struct Encryption: Sendable {
  /// From one look of the keeper to the next.
  static let interval = Swift.Duration.seconds(1)

  let certificates = CertificateStore()
  let keeper: any CertificateKeeping
  /// The authority that people on this network are to trust, if it is this server's own.
  let authority: LocalAuthority?
  let answers = ChallengeAnswers()

  /// As the configuration says; nil for plain HTTP.
  init?(
    _ configuration: ServerConfiguration, log: @escaping @Sendable (String) -> Void
  ) throws(ServerFault) {
    if let files = configuration.tls {
      authority = nil
      keeper = try CertificateKeeper(
        CertificateFiles(certificate: files.certificate, key: files.key), store: certificates,
        log: log)
    } else if let acme = configuration.acme {
      authority = nil
      keeper = try ACMECertificates(
        acme, in: configuration.dataDirectory ?? "", store: certificates, answers: answers,
        log: log)
    } else if configuration.hasLocalAuthority {
      let host = ProcessInfo.processInfo.hostName
      let made = try LocalAuthority(
        in: configuration.dataDirectory ?? "", named: "Jumpa on \(host)",
        at: LocalCertificates.now())
      authority = made
      keeper = try LocalCertificates(made, store: certificates, log: log)
    } else {
      return nil
    }
  }
}
