import CZlib

/// Compression into the gzip format (RFC 1952) by zlib.
enum Gzip {
  /// The compressed bytes; nil if zlib refuses.
  static func compress(_ bytes: [UInt8]) -> [UInt8]? {
    var stream = unsafe z_stream()
    let size = unsafe CInt(MemoryLayout<z_stream>.size)
    // 31 is the largest window and the gzip wrapping.
    let code = unsafe deflateInit2_(
      &stream, 9, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, size)
    guard code == Z_OK, let count = CUnsignedInt(exactly: bytes.count) else { return nil }
    defer { unsafe deflateEnd(&stream) }
    let capacity = CUnsignedInt(clamping: unsafe deflateBound(&stream, UInt(count)))
    return unsafe [UInt8](unsafeUninitializedCapacity: Int(capacity)) { output, written in
      unsafe bytes.withUnsafeBufferPointer { input in
        // zlib reads `count` and writes at most `capacity` bytes, all within this closure.
        unsafe stream.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
        unsafe stream.avail_in = count
        unsafe stream.next_out = output.baseAddress
        unsafe stream.avail_out = capacity
        let isWhole = unsafe deflate(&stream, Z_FINISH) == Z_STREAM_END
        written = isWhole ? Int(unsafe capacity - stream.avail_out) : 0
      }
    }
  }
}
