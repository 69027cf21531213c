import Wire

/// A peer's connection as its worker has it.
struct OpenStream {
  let stream: MediaStream
  /// When it was given to this worker.
  let openedAt: Instant
  /// When the last whole datagram came.
  var heardAt: Instant
  var cutter: FrameCutter
  /// What leaves at the end of the turn, and how many datagrams these are.
  var outgoing: [UInt8] = []
  var outgoingCount = 0

  init(_ stream: MediaStream, at now: Instant, maximumByteCount: Int) {
    self.stream = stream
    openedAt = now
    heardAt = now
    cutter = FrameCutter(maximumByteCount: maximumByteCount)
  }

  /// Adds a datagram behind its length (RFC 4571 §2) to what leaves.
  mutating func append(_ datagram: ArraySlice<UInt8>) {
    guard let length = UInt16(exactly: datagram.count) else { return }
    outgoing.append(UInt8(length >> 8))
    outgoing.append(UInt8(length & 0xff))
    outgoing.append(contentsOf: datagram)
    outgoingCount += 1
  }
}

/// What connections of peers came to.
struct StreamCounts: Sendable {
  /// Connections open now.
  var open = 0
  var receivedDatagrams: UInt64 = 0
  var sentDatagrams: UInt64 = 0
  /// Datagrams left out because too much was waiting already, or because the connection was gone.
  var droppedDatagrams: UInt64 = 0

  static func += (sum: inout StreamCounts, other: StreamCounts) {
    sum.open += other.open
    sum.receivedDatagrams &+= other.receivedDatagrams
    sum.sentDatagrams &+= other.sentDatagrams
    sum.droppedDatagrams &+= other.droppedDatagrams
  }
}
