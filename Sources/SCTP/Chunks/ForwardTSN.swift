internal import Wire

/// FORWARD-TSN (RFC 3758 §3.2) and I-FORWARD-TSN (RFC 8260 §2.3): what the sender has given up.
struct ForwardTSN: Hashable, Sendable {
  /// The newest message of a stream that is not to be waited for.
  struct Skipped: Hashable, Sendable {
    var stream: UInt16
    /// Only I-FORWARD-TSN names unordered messages; in FORWARD-TSN it is always false.
    var isUnordered: Bool
    /// A stream sequence number (16 bits) or a message identifier.
    var messageNumber: UInt32
  }

  /// The receiver takes all TSNs up to this one for received.
  var newCumulativeTSN: UInt32
  var skipped: [Skipped] = []

  /// Length with the chunk header.
  func byteCount(isInterleaved: Bool) -> Int { 8 + (isInterleaved ? 8 : 4) * skipped.count }
}

extension ForwardTSN {
  /// Reads what follows the chunk header; a rest shorter than an entry is `Truncated`.
  init(parsing value: Span<UInt8>, isInterleaved: Bool) throws(Truncated) {
    var reader = ByteReader(value)
    newCumulativeTSN = try reader.readUInt32()
    while !reader.isAtEnd {
      let stream = try reader.readUInt16()
      if isInterleaved {
        let isUnordered = try reader.readUInt16() & 1 == 1
        let number = try reader.readUInt32()
        skipped.append(
          Skipped(stream: stream, isUnordered: isUnordered, messageNumber: number))
      } else {
        let number = UInt32(try reader.readUInt16())
        skipped.append(Skipped(stream: stream, isUnordered: false, messageNumber: number))
      }
    }
  }
}

extension OutputSpan<UInt8> {
  /// Appends FORWARD-TSN, or I-FORWARD-TSN where the association interleaves.
  @_lifetime(self: copy self)
  mutating func append(_ chunk: ForwardTSN, isInterleaved: Bool) {
    appendChunk(
      isInterleaved ? .interleavedForwardTSN : .forwardTSN,
      length: chunk.byteCount(isInterleaved: isInterleaved))
    append(bigEndian: chunk.newCumulativeTSN)
    for skipped in chunk.skipped {
      append(bigEndian: skipped.stream)
      if isInterleaved {
        append(bigEndian: UInt16(skipped.isUnordered ? 1 : 0))
        append(bigEndian: skipped.messageNumber)
      } else {
        append(bigEndian: UInt16(truncatingIfNeeded: skipped.messageNumber))
      }
    }
  }
}
