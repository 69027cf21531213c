import Cryptography

/// Session keys of AES-CM with HMAC-SHA1, prepared (RFC 3711 §4).
struct CounterKeys: ~Copyable {
  let cipher: AESCounter
  let code: HMACSHA1Context
  let salt: AESCounterBlock

  init(_ keys: SessionKeys) throws(SRTPError) {
    guard let cipher = AESCounter(key: keys.encryption.span) else { throw .badKeyingMaterial }
    self.cipher = cipher
    code = HMACSHA1Context(key: keys.authentication.span)
    salt = SessionKeys.block(keys.salt)
  }
}

/// Session keys of AES-GCM, prepared (RFC 7714).
struct GaloisKeys: ~Copyable {
  let cipher: AESGCM
  let salt: AESGCMNonce

  init(_ keys: SessionKeys, _ direction: AESGCM.Direction) throws(SRTPError) {
    guard let salt = AESGCMNonce(keys.salt.span),
      let cipher = AESGCM(key: keys.encryption.span, direction: direction)
    else { throw .badKeyingMaterial }
    self.cipher = cipher
    self.salt = salt
  }
}
