internal import Wire

/// SHUTDOWN (RFC 9260 §3.3.8): its sender has no more data, and what it has received.
struct Shutdown: Hashable, Sendable {
  var cumulativeTSN: UInt32

  init(cumulativeTSN: UInt32) { self.cumulativeTSN = cumulativeTSN }

  /// Reads what follows the chunk header.
  init(parsing value: Span<UInt8>) throws(Truncated) {
    var reader = ByteReader(value)
    cumulativeTSN = try reader.readUInt32()
  }

  static let byteCount = 8
}

extension OutputSpan<UInt8> {
  /// Appends SHUTDOWN.
  @_lifetime(self: copy self)
  mutating func append(_ chunk: Shutdown) {
    appendChunk(.shutdown, length: Shutdown.byteCount)
    append(bigEndian: chunk.cumulativeTSN)
  }

  /// Appends SHUTDOWN ACK (RFC 9260 §3.3.9).
  @_lifetime(self: copy self)
  mutating func appendShutdownAcknowledgement() {
    appendChunk(.shutdownAcknowledgement, length: 4)
  }

  /// Appends SHUTDOWN COMPLETE (RFC 9260 §3.3.13). `isReflected` says that the tag is the other
  /// side's own.
  @_lifetime(self: copy self)
  mutating func appendShutdownComplete(isReflected: Bool) {
    appendChunk(.shutdownComplete, flags: isReflected ? 1 : 0, length: 4)
  }
}
