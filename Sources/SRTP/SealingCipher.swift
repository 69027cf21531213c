import Cryptography
import Wire

/// The prepared session keys that encrypt the RTP or the RTCP of one direction.
enum SealingCipher: ~Copyable {
  case counter(CounterKeys)
  case galois(GaloisKeys)

  init(_ profile: SRTPProtectionProfile, _ keys: SessionKeys) throws(SRTPError) {
    switch profile {
    case .aesCM128HMACSHA1Tag80: self = .counter(try CounterKeys(keys))
    case .aeadAES128GCM, .aeadAES256GCM: self = .galois(try GaloisKeys(keys, .seal))
    }
  }

  /// Appends ciphertext and tag of an RTP packet whose header of `headerByteCount` bytes has just
  /// been appended.
  func sealRTP(
    _ payload: Span<UInt8>, padding: UInt8, headerByteCount: Int, ssrc: UInt32, index: UInt64,
    into output: inout OutputSpan<UInt8>
  ) -> Bool {
    switch self {
    case .galois(let keys):
      return keys.cipher.seal(
        payload, padding: padding, nonce: keys.salt.nonce(ssrc: ssrc, index: index),
        authenticatedCount: headerByteCount, into: &output)
    case .counter(let keys):
      guard
        keys.cipher.encrypt(
          payload, padding: padding, from: keys.salt.start(ssrc: ssrc, index: index), into: &output)
      else { return false }
      let count = headerByteCount + payload.count + Int(padding)
      let rollover = UInt32(truncatingIfNeeded: index >> 16)
      return output.append(tagOf: count, keys.code, trailer: rollover)
    }
  }

  /// Appends ciphertext, tag, and the E bit with the index of an RTCP packet whose first eight bytes
  /// have just been appended.
  func sealRTCP(
    _ body: Span<UInt8>, headerByteCount: Int, ssrc: UInt32, index: UInt64,
    into output: inout OutputSpan<UInt8>
  ) -> Bool {
    let word = 0x8000_0000 | UInt32(truncatingIfNeeded: index)
    switch self {
    case .galois(let keys):
      guard
        keys.cipher.seal(
          body, nonce: keys.salt.nonce(ssrc: ssrc, index: index),
          authenticatedCount: headerByteCount,
          trailer: word, into: &output)
      else { return false }
      output.append(bigEndian: word)
      return true
    case .counter(let keys):
      guard
        keys.cipher.encrypt(body, from: keys.salt.start(ssrc: ssrc, index: index), into: &output)
      else {
        return false
      }
      output.append(bigEndian: word)
      return output.append(tagOf: headerByteCount + body.count + 4, keys.code, trailer: nil)
    }
  }
}

extension OutputSpan<UInt8> {
  /// Appends the 80-bit code of the last `count` bytes followed by `trailer`.
  @_lifetime(self: copy self)
  fileprivate mutating func append(
    tagOf count: Int, _ code: HMACSHA1Context, trailer: UInt32?
  ) -> Bool {
    guard count <= self.count, freeCapacity >= 10 else { return false }
    let tag = code.authenticate(span.extracting(last: count), trailer: trailer)
    append(copying: tag.span.extracting(first: 10))
    return true
  }
}
