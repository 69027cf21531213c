import Cryptography

/// The session keys of one direction, derived once (RFC 3711 §4.3, RFC 7714 §11).
///
/// The key derivation rate is zero, as DTLS-SRTP has it.
struct SessionKeys {
  /// The labels of RFC 3711 §4.3.1 and §4.3.2.
  enum Label: UInt64 {
    case encryption = 0
    case authentication = 1
    case salt = 2
    case controlEncryption = 3
    case controlAuthentication = 4
    case controlSalt = 5
  }

  let encryption: [UInt8]
  let authentication: [UInt8]
  let salt: [UInt8]

  /// Session keys as they are.
  init(encryption: [UInt8], authentication: [UInt8], salt: [UInt8]) {
    self.encryption = encryption
    self.authentication = authentication
    self.salt = salt
  }

  /// Derives keys for RTP, or for RTCP if `isControl`.
  init(
    profile: SRTPProtectionProfile, masterKey: [UInt8], masterSalt: [UInt8], isControl: Bool
  ) throws(SRTPError) {
    guard masterKey.count == profile.masterKeyByteCount,
      masterSalt.count == profile.masterSaltByteCount, let cipher = AESCounter(key: masterKey.span)
    else { throw .badKeyingMaterial }
    let block = Self.block(masterSalt)
    func derive(_ label: Label, _ count: Int) -> [UInt8] {
      // The label stands in byte 7 of the 112-bit input, before 48 bits of index that stay zero.
      let start = AESCounterBlock(high: block.high ^ label.rawValue, low: block.low)
      return cipher.keystream(from: start, count: count)
    }
    encryption = derive(isControl ? .controlEncryption : .encryption, masterKey.count)
    let authenticationKeyCount = profile == .aesCM128HMACSHA1Tag80 ? 20 : 0
    authentication = derive(
      isControl ? .controlAuthentication : .authentication, authenticationKeyCount)
    salt = derive(isControl ? .controlSalt : .salt, masterSalt.count)
    guard encryption.count == masterKey.count, authentication.count == authenticationKeyCount,
      salt.count == masterSalt.count
    else { throw .badKeyingMaterial }
  }

  /// The salt as the start of a counter block; a shorter one is followed by zeros.
  static func block(_ salt: [UInt8]) -> AESCounterBlock {
    var block = AESCounterBlock(high: 0, low: 0)
    for index in 0..<16 {
      let byte = index < salt.count ? UInt64(salt[index]) : 0
      if index < 8 {
        block.high = block.high << 8 | byte
      } else {
        block.low = block.low << 8 | byte
      }
    }
    return block
  }
}
