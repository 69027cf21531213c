internal import COpenSSL

/// The digest of a certificate, as `a=fingerprint` carries it (RFC 8122 §5).
///
/// SHA-1 and MD5 are refused: neither binds a certificate any more.
public struct CertificateFingerprint: Hashable, Sendable {
  /// A hash function, in rising order of strength.
  public enum Algorithm: String, Sendable, CaseIterable, Comparable {
    /// SHA-256, which every endpoint has.
    case sha256 = "sha-256"
    /// SHA-384.
    case sha384 = "sha-384"
    /// SHA-512.
    case sha512 = "sha-512"

    /// Length of a digest in bytes.
    public var digestByteCount: Int {
      switch self {
      case .sha256: 32
      case .sha384: 48
      case .sha512: 64
      }
    }

    /// Whether the left function is the weaker one.
    public static func < (left: Algorithm, right: Algorithm) -> Bool {
      left.digestByteCount < right.digestByteCount
    }
  }

  /// The hash function.
  public let algorithm: Algorithm
  /// The digest; its length is the function's.
  public let digest: [UInt8]

  /// The pair of `algorithm` and `digest`; `nil` where the digest has another length.
  public init?(algorithm: Algorithm, digest: [UInt8]) {
    guard digest.count == algorithm.digestByteCount else { return nil }
    self.algorithm = algorithm
    self.digest = digest
  }

  /// The digest of a certificate in DER.
  public init(ofCertificate der: Span<UInt8>, algorithm: Algorithm = .sha256) {
    self.algorithm = algorithm
    digest = Self.hash(der, algorithm)
  }

  private static func hash(_ bytes: Span<UInt8>, _ algorithm: Algorithm) -> [UInt8] {
    var digest = [UInt8](repeating: 0, count: algorithm.digestByteCount)
    // unsafe: OpenSSL reads and writes through pointers that live for this call only.
    unsafe bytes.withUnsafeBufferPointer { bytes in
      unsafe digest.withUnsafeMutableBufferPointer { digest in
        let function =
          switch algorithm {
          case .sha256: unsafe EVP_sha256()
          case .sha384: unsafe EVP_sha384()
          case .sha512: unsafe EVP_sha512()
          }
        _ = unsafe EVP_Digest(
          bytes.baseAddress, bytes.count, digest.baseAddress, nil, function, nil)
      }
    }
    return digest
  }
}

extension CertificateFingerprint: CustomStringConvertible {
  /// Parses the value of an `a=fingerprint` attribute, such as `sha-256 4A:AD:…`.
  ///
  /// The name of the hash function and the digits may be of either case (RFC 8122 §5). `nil` for
  /// anything else, an unsupported hash function and a digest of the wrong length.
  public init?(_ text: some StringProtocol) {
    guard text.utf8.count <= 256 else { return nil }
    let parts = text.split(separator: " ", omittingEmptySubsequences: false)
    guard parts.count == 2, let algorithm = Algorithm(rawValue: parts[0].lowercased()) else {
      return nil
    }
    let pairs = parts[1].utf8.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
    guard pairs.count == algorithm.digestByteCount else { return nil }
    var digest: [UInt8] = []
    digest.reserveCapacity(pairs.count)
    for pair in pairs {
      guard let high = pair.first, let low = pair.dropFirst().first, pair.count == 2,
        let highValue = Self.hexadecimalValue(of: high),
        let lowValue = Self.hexadecimalValue(of: low)
      else { return nil }
      digest.append(highValue << 4 | lowValue)
    }
    self.algorithm = algorithm
    self.digest = digest
  }

  private static func hexadecimalValue(of digit: UInt8) -> UInt8? {
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): digit &- UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): digit &- UInt8(ascii: "a") &+ 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): digit &- UInt8(ascii: "A") &+ 10
    default: nil
    }
  }

  /// The SDP form, such as `sha-256 4A:AD:…`.
  public var description: String {
    let digits = digest.map { byte in
      (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
    }
    return algorithm.rawValue + " " + digits.joined(separator: ":")
  }
}

extension Sequence<CertificateFingerprint> {
  /// Whether a certificate in DER is one of those these fingerprints stand for.
  ///
  /// Only the fingerprints of the strongest hash function among them count (RFC 8122 §5); none at
  /// all accept nothing.
  public func accept(certificate der: Span<UInt8>) -> Bool {
    guard let algorithm = self.lazy.map(\.algorithm).max() else { return false }
    return contains(CertificateFingerprint(ofCertificate: der, algorithm: algorithm))
  }
}
