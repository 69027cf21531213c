internal import COpenSSL

/// A 128-bit counter block: where a keystream starts.
public struct AESCounterBlock: Hashable, Sendable {
  /// The first eight bytes, big endian.
  public var high: UInt64
  /// The last eight bytes, big endian; the lowest bits count blocks.
  public var low: UInt64

  /// The block `high ‖ low`.
  public init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  /// The words as they lie in memory.
  var words: [2 of UInt64] { [high.bigEndian, low.bigEndian] }
}

/// AES in counter mode (NIST SP 800-38A §6.5) under one key.
///
/// The key schedule is prepared once; a message costs a new counter block only. The caller never
/// lets two messages share a block of keystream.
@safe public struct AESCounter: ~Copyable {
  private let context: OpaquePointer

  /// A context for a key of 16 or 32 bytes; nil for another length or without memory.
  public init?(key: Span<UInt8>) {
    guard key.count == 16 || key.count == 32 else { return nil }
    // unsafe: OpenSSL allocates the context, which deinit frees; it reads the key during the call.
    guard let created = unsafe EVP_CIPHER_CTX_new() else { return nil }
    let cipher = unsafe key.count == 16 ? EVP_aes_128_ctr() : EVP_aes_256_ctr()
    let status = unsafe key.withUnsafeBufferPointer { key in
      unsafe EVP_EncryptInit_ex2(created, cipher, key.baseAddress, nil, nil)
    }
    guard status == 1 else {
      unsafe EVP_CIPHER_CTX_free(created)
      return nil
    }
    unsafe context = created
  }

  // unsafe: the pointer is this value's own and is freed once.
  deinit { unsafe EVP_CIPHER_CTX_free(context) }

  /// Appends the encryption of `plaintext` and of `padding` RTP padding bytes.
  ///
  /// Returns false and appends nothing if room is missing or OpenSSL fails.
  public func encrypt(
    _ plaintext: Span<UInt8>, padding: UInt8 = 0, from block: AESCounterBlock,
    into output: inout OutputSpan<UInt8>
  ) -> Bool {
    guard output.freeCapacity >= Int(padding),
      plaintext.count <= output.freeCapacity - Int(padding)
    else { return false }
    // unsafe: the guard has made sure that everything written lies inside the buffer's capacity.
    return unsafe plaintext.withUnsafeBufferPointer { plaintext in
      unsafe output.withUnsafeMutableBufferPointer { buffer, count in
        // A buffer without memory has no room, so there is nothing to write either.
        guard let end = unsafe buffer.baseAddress?.advanced(by: count) else { return true }
        guard start(block), unsafe update(plaintext.baseAddress, plaintext.count, into: end) else {
          return false
        }
        if padding > 0 {
          let pad = unsafe end + plaintext.count
          unsafe pad.initialize(repeating: 0, count: Int(padding))
          unsafe pad[Int(padding) - 1] = padding
          guard unsafe update(pad, Int(padding), into: pad) else { return false }
        }
        count += plaintext.count + Int(padding)
        return true
      }
    }
  }

  /// Encrypts or decrypts `message[range]` in place.
  ///
  /// Returns false and changes nothing if the range lies outside the message.
  public func apply(
    from block: AESCounterBlock, to message: inout MutableSpan<UInt8>, in range: Range<Int>
  ) -> Bool {
    guard range.lowerBound >= 0, range.upperBound <= message.count else { return false }
    // unsafe: the guard has made sure that the range lies inside the message.
    return unsafe message.withUnsafeMutableBufferPointer { buffer in
      guard let text = unsafe buffer.baseAddress?.advanced(by: range.lowerBound) else {
        return true
      }
      return unsafe start(block) && update(text, range.count, into: text)
    }
  }

  /// The first `count` bytes of the keystream that starts at `block`; empty if OpenSSL fails.
  public func keystream(from block: AESCounterBlock, count: Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: max(count, 0))
    var message = bytes.mutableSpan
    return apply(from: block, to: &message, in: 0..<message.count) ? bytes : []
  }

  private func start(_ block: AESCounterBlock) -> Bool {
    let words = block.words
    // unsafe: OpenSSL copies the block's sixteen bytes during the call.
    return unsafe words.span.withUnsafeBytes { block in
      let bytes = unsafe block.baseAddress?.assumingMemoryBound(to: UInt8.self)
      return unsafe EVP_EncryptInit_ex2(context, nil, nil, bytes, nil) == 1
    }
  }

  private func update(
    _ input: UnsafePointer<UInt8>?, _ count: Int, into output: UnsafeMutablePointer<UInt8>
  ) -> Bool {
    guard count > 0 else { return true }
    guard let length = CInt(exactly: count) else { return false }
    var written: CInt = 0
    // unsafe: the caller vouches for `count` bytes behind each pointer.
    return unsafe EVP_EncryptUpdate(context, output, &written, input, length) == 1
  }
}
