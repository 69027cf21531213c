internal import COpenSSL

/// A 96-bit AES-GCM nonce.
public struct AESGCMNonce: Hashable, Sendable {
  /// The first four bytes, big endian.
  public var high: UInt32
  /// The last eight bytes, big endian.
  public var low: UInt64

  /// The nonce `high ‖ low`.
  public init(high: UInt32, low: UInt64) {
    self.high = high
    self.low = low
  }

  /// The twelve bytes at the start of `bytes`, or nil if there are fewer.
  public init?(_ bytes: Span<UInt8>) {
    guard bytes.count >= 12 else { return nil }
    high = 0
    low = 0
    for index in 0..<4 { high = high << 8 | UInt32(bytes[index]) }
    for index in 4..<12 { low = low << 8 | UInt64(bytes[index]) }
  }

  /// Both, bit by bit.
  public static func ^ (left: AESGCMNonce, right: AESGCMNonce) -> AESGCMNonce {
    AESGCMNonce(high: left.high ^ right.high, low: left.low ^ right.low)
  }

  /// The words as they lie in memory.
  var words: [3 of UInt32] {
    [
      high.bigEndian, UInt32(truncatingIfNeeded: low >> 32).bigEndian,
      UInt32(truncatingIfNeeded: low).bigEndian,
    ]
  }
}

/// AES-GCM with a 16-byte tag (NIST SP 800-38D) under one key, for one direction.
///
/// The key schedule is prepared once; a message costs a new nonce only. The caller never lets a
/// nonce come twice.
@safe public struct AESGCM: ~Copyable {
  /// Length of the tag in bytes.
  public static let tagByteCount = 16

  /// What a context does.
  public enum Direction: Sendable {
    /// Encrypts and appends a tag.
    case seal
    /// Checks the tag and decrypts.
    case open
  }

  private let context: OpaquePointer

  /// A context for a key of 16 or 32 bytes; nil for another length or without memory.
  public init?(key: Span<UInt8>, direction: Direction) {
    guard key.count == 16 || key.count == 32 else { return nil }
    // unsafe: OpenSSL allocates the context, which deinit frees; it reads the key during the call.
    guard let created = unsafe EVP_CIPHER_CTX_new() else { return nil }
    let cipher = unsafe key.count == 16 ? EVP_aes_128_gcm() : EVP_aes_256_gcm()
    let status = unsafe key.withUnsafeBufferPointer { key in
      unsafe EVP_CipherInit_ex2(
        created, cipher, key.baseAddress, nil, direction == .seal ? 1 : 0, nil)
    }
    guard status == 1 else {
      unsafe EVP_CIPHER_CTX_free(created)
      return nil
    }
    unsafe context = created
  }

  // unsafe: the pointer is this value's own and is freed once.
  deinit { unsafe EVP_CIPHER_CTX_free(context) }

  /// Appends the encryption of `plaintext` and of `padding` RTP padding bytes, then the tag.
  ///
  /// The last `authenticatedCount` bytes already in `output`, then the four bytes of `trailer`, are
  /// authenticated and not encrypted. Returns false and appends nothing if room is missing, if a
  /// count makes no sense, or if OpenSSL fails.
  public func seal(
    _ plaintext: Span<UInt8>, padding: UInt8 = 0, nonce: AESGCMNonce, authenticatedCount: Int,
    trailer: UInt32? = nil, into output: inout OutputSpan<UInt8>
  ) -> Bool {
    guard 0 <= authenticatedCount, authenticatedCount <= output.count,
      output.freeCapacity >= Int(padding) + Self.tagByteCount,
      plaintext.count <= output.freeCapacity - Int(padding) - Self.tagByteCount
    else { return false }
    // unsafe: the guard has made sure that everything written lies inside the buffer's capacity.
    return unsafe plaintext.withUnsafeBufferPointer { plaintext in
      unsafe output.withUnsafeMutableBufferPointer { buffer, count in
        guard let end = unsafe buffer.baseAddress?.advanced(by: count),
          start(nonce),
          unsafe authenticate(end - authenticatedCount, authenticatedCount, trailer),
          unsafe update(plaintext.baseAddress, plaintext.count, into: end)
        else { return false }
        var written = plaintext.count
        if padding > 0 {
          let pad = unsafe end + written
          unsafe pad.initialize(repeating: 0, count: Int(padding))
          unsafe pad[Int(padding) - 1] = padding
          guard unsafe update(pad, Int(padding), into: pad) else { return false }
          written += Int(padding)
        }
        var none: CInt = 0
        guard unsafe EVP_EncryptFinal_ex(context, end + written, &none) == 1,
          unsafe EVP_CIPHER_CTX_ctrl(
            context, EVP_CTRL_AEAD_GET_TAG, CInt(Self.tagByteCount), end + written) == 1
        else { return false }
        count += written + Self.tagByteCount
        return true
      }
    }
  }

  /// Decrypts `message[authenticatedCount..<sealedCount - 16]` in place after checking the tag that
  /// follows it.
  ///
  /// The first `authenticatedCount` bytes and the four bytes of `trailer` are authenticated. Returns
  /// false if the tag is wrong or a count makes no sense; the encrypted part is then undefined.
  public func open(
    _ message: inout MutableSpan<UInt8>, sealedCount: Int, nonce: AESGCMNonce,
    authenticatedCount: Int, trailer: UInt32? = nil
  ) -> Bool {
    guard 0 <= authenticatedCount, sealedCount <= message.count, sealedCount >= Self.tagByteCount,
      authenticatedCount <= sealedCount - Self.tagByteCount
    else { return false }
    let textCount = sealedCount - Self.tagByteCount - authenticatedCount
    // unsafe: the guard has made sure that every range lies inside the message.
    return unsafe message.withUnsafeMutableBufferPointer { buffer in
      guard let base = buffer.baseAddress, start(nonce),
        unsafe authenticate(base, authenticatedCount, trailer)
      else { return false }
      let text = unsafe base + authenticatedCount
      var none: CInt = 0
      return unsafe update(text, textCount, into: text)
        && EVP_CIPHER_CTX_ctrl(
          context, EVP_CTRL_AEAD_SET_TAG, CInt(Self.tagByteCount), text + textCount) == 1
        && EVP_DecryptFinal_ex(context, text + textCount, &none) == 1
    }
  }

  private func start(_ nonce: AESGCMNonce) -> Bool {
    let words = nonce.words
    // unsafe: OpenSSL copies the nonce's twelve bytes during the call; -1 keeps the direction.
    return unsafe words.span.withUnsafeBytes { nonce in
      let bytes = unsafe nonce.baseAddress?.assumingMemoryBound(to: UInt8.self)
      return unsafe EVP_CipherInit_ex2(context, nil, nil, bytes, -1, nil) == 1
    }
  }

  private func authenticate(
    _ bytes: UnsafePointer<UInt8>, _ count: Int, _ trailer: UInt32?
  ) -> Bool {
    guard unsafe update(bytes, count, into: nil) else { return false }
    guard let trailer else { return true }
    let word: [1 of UInt32] = [trailer.bigEndian]
    // unsafe: OpenSSL reads the four bytes during the call.
    return unsafe word.span.withUnsafeBytes { word in
      unsafe update(word.baseAddress?.assumingMemoryBound(to: UInt8.self), word.count, into: nil)
    }
  }

  private func update(
    _ input: UnsafePointer<UInt8>?, _ count: Int, into output: UnsafeMutablePointer<UInt8>?
  ) -> Bool {
    // An update of nothing means the end of the message to some ciphers.
    guard count > 0 else { return true }
    guard let length = CInt(exactly: count) else { return false }
    var written: CInt = 0
    // unsafe: the caller vouches for `count` bytes behind each pointer.
    return unsafe EVP_CipherUpdate(context, output, &written, input, length) == 1
  }
}
