/// An SRTP protection profile, by its number in the DTLS-SRTP registry (RFC 5764 §4.1.2, RFC 7714 §14.2).
public enum SRTPProtectionProfile: UInt16, Sendable, CaseIterable {
  /// AES-128 counter mode with an 80-bit HMAC-SHA1 tag (RFC 3711).
  case aesCM128HMACSHA1Tag80 = 0x0001
  /// AES-128-GCM (RFC 7714).
  case aeadAES128GCM = 0x0007
  /// AES-256-GCM (RFC 7714).
  case aeadAES256GCM = 0x0008

  /// Length of a master key in bytes.
  public var masterKeyByteCount: Int { self == .aeadAES256GCM ? 32 : 16 }

  /// Length of a master salt in bytes.
  public var masterSaltByteCount: Int { self == .aesCM128HMACSHA1Tag80 ? 14 : 12 }

  /// Bytes an RTP packet grows by.
  public var authenticationTagByteCount: Int { self == .aesCM128HMACSHA1Tag80 ? 10 : 16 }
}

/// The keys one DTLS handshake yields for SRTP (RFC 5764 §4.2), seen from one side.
public struct SRTPKeyingMaterial: Sendable, Equatable {
  /// What the keys are for.
  public var profile: SRTPProtectionProfile
  /// Protects what this side sends.
  public var localKey: [UInt8]
  /// The salt beside `localKey`.
  public var localSalt: [UInt8]
  /// Opens what the other side sends.
  public var remoteKey: [UInt8]
  /// The salt beside `remoteKey`.
  public var remoteSalt: [UInt8]

  /// Gathers the four values.
  public init(
    profile: SRTPProtectionProfile, localKey: [UInt8], localSalt: [UInt8], remoteKey: [UInt8],
    remoteSalt: [UInt8]
  ) {
    self.profile = profile
    self.localKey = localKey
    self.localSalt = localSalt
    self.remoteKey = remoteKey
    self.remoteSalt = remoteSalt
  }
}
