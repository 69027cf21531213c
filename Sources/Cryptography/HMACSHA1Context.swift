internal import COpenSSL

/// HMAC-SHA1 (RFC 2104) with the key already worked in.
///
/// Holds the two digest states that follow the padded key, so a message costs its own bytes, two
/// more blocks and no allocation.
@safe public struct HMACSHA1Context: Sendable {
  private let inner: SHAstate_st
  private let outer: SHAstate_st

  /// A context for `key`, which is hashed first if it is longer than a block of 64 bytes.
  public init(key: Span<UInt8>) {
    var block = [64 of UInt8](repeating: 0)
    if key.count <= 64 {
      for index in key.indices { block[index] = key[index] }
    } else {
      var state = Self.start()
      Self.absorb(key, into: &state)
      let digest = Self.finish(&state)
      for index in digest.indices { block[index] = digest[index] }
    }
    inner = Self.state(after: block, mask: 0x36)
    outer = Self.state(after: block, mask: 0x5c)
  }

  /// The 20-byte code of `message` followed by the four bytes of `trailer`.
  public func authenticate(_ message: Span<UInt8>, trailer: UInt32? = nil) -> [20 of UInt8] {
    var state = inner
    Self.absorb(message, into: &state)
    if let trailer {
      let word = [4 of UInt8] { UInt8(truncatingIfNeeded: trailer >> UInt32((3 - $0) * 8)) }
      Self.absorb(word.span, into: &state)
    }
    let digest = Self.finish(&state)
    state = outer
    Self.absorb(digest.span, into: &state)
    return Self.finish(&state)
  }

  private static func state(after key: [64 of UInt8], mask: UInt8) -> SHAstate_st {
    var state = start()
    let block = [64 of UInt8] { key[$0] ^ mask }
    absorb(block.span, into: &state)
    return state
  }

  // SHA1_* of OpenSSL cannot fail: each returns 1 always.

  private static func start() -> SHAstate_st {
    var state = SHAstate_st()
    // unsafe: OpenSSL fills in the state during the call.
    _ = unsafe SHA1_Init(&state)
    return state
  }

  private static func absorb(_ bytes: Span<UInt8>, into state: inout SHAstate_st) {
    // unsafe: OpenSSL reads `count` bytes during the call.
    unsafe bytes.withUnsafeBufferPointer { bytes in
      _ = unsafe SHA1_Update(&state, bytes.baseAddress, bytes.count)
    }
  }

  private static func finish(_ state: inout SHAstate_st) -> [20 of UInt8] {
    var digest = [20 of UInt8](repeating: 0)
    var span = digest.mutableSpan
    // unsafe: a SHA-1 digest is 20 bytes long, as the buffer is.
    unsafe span.withUnsafeMutableBufferPointer { digest in
      _ = unsafe SHA1_Final(digest.baseAddress, &state)
    }
    return digest
  }
}
