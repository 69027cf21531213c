import COpenSSL

/// What is wrong with a certificate that was refused.
public enum CertificateFault: Sendable, Equatable {
  /// Its time is over, or that of one between it and its authority.
  case expired
  /// Its time has not come.
  case notYetValid
  /// It is for other names than the one that was asked for.
  case wrongName
  /// No authority that we know has signed it, or what lies between is missing.
  case unknownAuthority
  /// Something else.
  case other

  /// Nil where OpenSSL found nothing.
  init?(verdict: CLong) {
    switch CInt(clamping: verdict) {
    case X509_V_OK: return nil
    case X509_V_ERR_CERT_HAS_EXPIRED: self = .expired
    case X509_V_ERR_CERT_NOT_YET_VALID: self = .notYetValid
    case X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH: self = .wrongName
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN,
      X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
      X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      self = .unknownAuthority
    default: self = .other
    }
  }
}
