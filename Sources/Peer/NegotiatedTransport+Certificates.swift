public import Cryptography
public import DTLS
public import SDP

extension NegotiatedTransport {
  /// The fingerprints of functions we know. Where there are none nobody matches (RFC 8122 §5).
  public var certificateFingerprints: [CertificateFingerprint] {
    fingerprints.compactMap { CertificateFingerprint($0.text) }
  }
}

extension Fingerprint {
  /// `fingerprint` as a description tells it.
  public init(_ fingerprint: CertificateFingerprint) {
    self.init(hashFunction: fingerprint.algorithm.rawValue, digest: fingerprint.digest)
  }
}

extension RemotePeer.Security {
  /// A handshake as `transport` agreed on it.
  public static func dtls(_ context: DTLSContext, _ transport: NegotiatedTransport) -> Self {
    .dtls(
      context, role: transport.localSetup == .active ? .client : .server,
      fingerprints: transport.certificateFingerprints)
  }
}
