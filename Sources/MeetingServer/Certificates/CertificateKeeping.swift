/// Whoever sees to it that a server has a certificate that holds.
protocol CertificateKeeping: Sendable {
  /// Called about once a second.
  func look() async
  /// The operator says that something has changed.
  func reload() async
}
