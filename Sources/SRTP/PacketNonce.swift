import Cryptography

extension AESCounterBlock {
  /// Where a packet's keystream starts: `(salt · 2^16) ⊕ (SSRC · 2^64) ⊕ (index · 2^16)`
  /// (RFC 3711 §4.1.1). `self` is the session salt.
  func start(ssrc: UInt32, index: UInt64) -> AESCounterBlock {
    AESCounterBlock(high: high ^ UInt64(ssrc), low: low ^ index << 16)
  }
}

extension AESGCMNonce {
  /// A packet's nonce: two zero bytes, the SSRC and the 48-bit index, XORed with the session salt,
  /// which is `self` (RFC 7714 §8.1 and §9.1: RTCP has a 31-bit index in the same place).
  func nonce(ssrc: UInt32, index: UInt64) -> AESGCMNonce {
    self ^ AESGCMNonce(high: ssrc >> 16, low: UInt64(ssrc & 0xffff) << 48 | index)
  }
}
