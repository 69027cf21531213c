import Wire

/// Reads fields of a file's headers, lowest byte first; where the bytes end before the field does, the error is
/// `truncated`.
struct FieldReader: ~Escapable {
  private var bytes: ByteReader

  @_lifetime(copy bytes)
  init(_ bytes: Span<UInt8>) { self.bytes = ByteReader(bytes) }

  var remainingCount: Int { bytes.remainingCount }

  @_lifetime(copy self)
  mutating func take(_ count: Int) throws(MediaFileError) -> Span<UInt8> {
    do throws(Truncated) { return try bytes.take(count) } catch { throw .truncated }
  }

  @_lifetime(self: copy self)
  mutating func skip(_ count: Int) throws(MediaFileError) {
    do throws(Truncated) { try bytes.skip(count) } catch { throw .truncated }
  }

  @_lifetime(self: copy self)
  mutating func readUInt8() throws(MediaFileError) -> UInt8 {
    do throws(Truncated) { return try bytes.readUInt8() } catch { throw .truncated }
  }

  @_lifetime(self: copy self)
  mutating func readUInt16() throws(MediaFileError) -> UInt16 {
    do throws(Truncated) { return try bytes.readUInt16().byteSwapped } catch { throw .truncated }
  }

  @_lifetime(self: copy self)
  mutating func readUInt32() throws(MediaFileError) -> UInt32 {
    do throws(Truncated) { return try bytes.readUInt32().byteSwapped } catch { throw .truncated }
  }

  @_lifetime(self: copy self)
  mutating func readUInt64() throws(MediaFileError) -> UInt64 {
    do throws(Truncated) { return try bytes.readUInt64().byteSwapped } catch { throw .truncated }
  }
}

extension OutputSpan<UInt8> {
  /// Appends a 16-bit integer, lowest byte first.
  @_lifetime(self: copy self)
  mutating func append(littleEndian value: UInt16) { append(bigEndian: value.byteSwapped) }

  /// Appends a 32-bit integer, lowest byte first.
  @_lifetime(self: copy self)
  mutating func append(littleEndian value: UInt32) { append(bigEndian: value.byteSwapped) }

  /// Appends a 64-bit integer, lowest byte first.
  @_lifetime(self: copy self)
  mutating func append(littleEndian value: UInt64) { append(bigEndian: value.byteSwapped) }
}
