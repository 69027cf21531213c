internal import Wire

/// What one SACK told of that was not known.
struct Delivery: Sendable {
  var byteCount = 0
  var count = 0
  /// The last sent among the chunks acknowledged, as it was.
  var newest: OutstandingChunk?
  /// A chunk arrived after ones with later TSNs, though it was sent only once.
  var wasReordered = false
  /// A chunk was taken for lost, and had not been sent again when it was acknowledged.
  var wasFalselyLost = false
  /// Packets of which something was acknowledged, about.
  var packetCount = 0
  private var packet = Int64.min

  mutating func note(_ chunk: OutstandingChunk) {
    byteCount += chunk.wireByteCount
    count += 1
    if chunk.packet != packet {
      packet = chunk.packet
      packetCount += 1
    }
    if newest.map({ $0.packet <= chunk.packet }) ?? true { newest = chunk }
  }
}

/// What was just taken for lost.
struct Losses: Sendable {
  var count = 0
  var byteCount = 0
  var newestPacket = Int64.min

  mutating func add(_ other: Losses) {
    count += other.count
    byteCount += other.byteCount
    newestPacket = max(newestPacket, other.newestPacket)
  }
}
