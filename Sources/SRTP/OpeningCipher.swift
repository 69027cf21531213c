import Cryptography

/// The prepared session keys that open the RTP or the RTCP of one direction.
enum OpeningCipher: ~Copyable {
  case counter(CounterKeys)
  case galois(GaloisKeys)

  init(_ profile: SRTPProtectionProfile, _ keys: SessionKeys) throws(SRTPError) {
    switch profile {
    case .aesCM128HMACSHA1Tag80: self = .counter(try CounterKeys(keys))
    case .aeadAES128GCM, .aeadAES256GCM: self = .galois(try GaloisKeys(keys, .open))
    }
  }

  /// Opens an RTP packet in place: header, ciphertext, tag. The caller has checked the lengths.
  func openRTP(
    _ packet: inout MutableSpan<UInt8>, headerByteCount: Int, ssrc: UInt32, index: UInt64
  ) throws(SRTPError) {
    switch self {
    case .galois(let keys):
      guard
        keys.cipher.open(
          &packet, sealedCount: packet.count, nonce: keys.salt.nonce(ssrc: ssrc, index: index),
          authenticatedCount: headerByteCount)
      else { throw .authenticationFailed }
    case .counter(let keys):
      let end = packet.count - 10
      let rollover = UInt32(truncatingIfNeeded: index >> 16)
      let tag = keys.code.authenticate(packet.span.extracting(first: end), trailer: rollover)
      guard
        isEqualInConstantTime(
          tag.span.extracting(first: 10), packet.span.extracting(droppingFirst: end))
      else { throw .authenticationFailed }
      let start = keys.salt.start(ssrc: ssrc, index: index)
      guard keys.cipher.apply(from: start, to: &packet, in: headerByteCount..<end) else {
        throw .cryptographyFailed
      }
    }
  }

  /// Opens an RTCP packet in place whose E bit and index are `word`. The caller has checked the lengths.
  func openRTCP(
    _ packet: inout MutableSpan<UInt8>, headerByteCount: Int, ssrc: UInt32, word: UInt32
  ) throws(SRTPError) {
    let index = UInt64(word & 0x7fff_ffff)
    switch self {
    case .galois(let keys):
      guard
        keys.cipher.open(
          &packet, sealedCount: packet.count - 4, nonce: keys.salt.nonce(ssrc: ssrc, index: index),
          authenticatedCount: headerByteCount, trailer: word)
      else { throw .authenticationFailed }
    case .counter(let keys):
      let end = packet.count - 10
      let tag = keys.code.authenticate(packet.span.extracting(first: end))
      guard
        isEqualInConstantTime(
          tag.span.extracting(first: 10), packet.span.extracting(droppingFirst: end))
      else { throw .authenticationFailed }
      let start = keys.salt.start(ssrc: ssrc, index: index)
      guard keys.cipher.apply(from: start, to: &packet, in: headerByteCount..<end - 4) else {
        throw .cryptographyFailed
      }
    }
  }
}
