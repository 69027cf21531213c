internal import Wire

/// SACK: what has arrived, and how much more may be sent (RFC 9260 §3.3.4).
struct SelectiveAcknowledgement: Hashable, Sendable {
  /// A run of received TSNs, as distances from the cumulative one.
  struct GapBlock: Hashable, Sendable {
    var start: UInt16
    var end: UInt16
  }

  /// All TSNs up to this one have arrived.
  var cumulativeTSN: UInt32
  /// The receiver's free space in bytes.
  var advertisedWindow: UInt32
  /// What has arrived beyond.
  var gapBlocks: [GapBlock] = []
  /// TSNs that arrived again since the last SACK.
  var duplicates: [UInt32] = []

  /// Length with the chunk header.
  var byteCount: Int { 16 + 4 * (gapBlocks.count + duplicates.count) }
}

extension SelectiveAcknowledgement {
  /// Reads what follows the chunk header.
  init(parsing value: Span<UInt8>) throws(Truncated) {
    var reader = ByteReader(value)
    cumulativeTSN = try reader.readUInt32()
    advertisedWindow = try reader.readUInt32()
    let blockCount = Int(try reader.readUInt16())
    let duplicateCount = Int(try reader.readUInt16())
    guard reader.remainingCount >= 4 * (blockCount + duplicateCount) else { throw Truncated() }
    gapBlocks.reserveCapacity(blockCount)
    for _ in 0..<blockCount {
      let start = try reader.readUInt16()
      gapBlocks.append(GapBlock(start: start, end: try reader.readUInt16()))
    }
    duplicates.reserveCapacity(duplicateCount)
    for _ in 0..<duplicateCount { duplicates.append(try reader.readUInt32()) }
  }
}

extension OutputSpan<UInt8> {
  /// Appends SACK.
  @_lifetime(self: copy self)
  mutating func append(_ chunk: SelectiveAcknowledgement) {
    appendChunk(.selectiveAcknowledgement, length: chunk.byteCount)
    append(bigEndian: chunk.cumulativeTSN)
    append(bigEndian: chunk.advertisedWindow)
    append(bigEndian: UInt16(clamping: chunk.gapBlocks.count))
    append(bigEndian: UInt16(clamping: chunk.duplicates.count))
    for block in chunk.gapBlocks {
      append(bigEndian: block.start)
      append(bigEndian: block.end)
    }
    for tsn in chunk.duplicates { append(bigEndian: tsn) }
  }
}
