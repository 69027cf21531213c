internal import Wire

/// A message on its way: waiting, cut into chunks that refer to it, or given up.
struct OutgoingMessage: Sendable {
  /// Chunks name ranges of it; nobody copies it.
  var payload: [UInt8]
  /// The place of its stream in the queue's table.
  var stream: Int
  var identifier: PayloadProtocolIdentifier
  var isOrdered: Bool
  /// When to give it up; `nil` for never.
  var expiry: Instant?
  /// `nil` for as often as it takes.
  var maximumRetransmissions: UInt16?
  /// Stream sequence number or message identifier; given with the first chunk.
  var number: UInt32 = 0
  /// Bytes that became chunks.
  var chunkedByteCount = 0
  /// Chunks made of it, the next one's fragment number.
  var chunkCount: UInt32 = 0
  /// Its newest chunk, from which the others are found; `nil` before the first.
  var newestChunk: Int64?
  /// Chunks not yet acknowledged cumulatively.
  var outstandingCount = 0
  var isAbandoned = false
  /// The message behind it in its stream's queue.
  var next: Int?

  var remainingByteCount: Int { payload.count - chunkedByteCount }

  /// Whether it may get lost.
  var isPartiallyReliable: Bool { expiry != nil || maximumRetransmissions != nil }

  /// Whether its time is over (RFC 7496 §4.1, RFC 3758 §4.1).
  func isExpired(at now: Instant) -> Bool { expiry.map { $0 <= now } ?? false }
}

/// All messages on their way. A place is used again once its message is done.
struct OutgoingMessageTable: Sendable {
  private var messages: [OutgoingMessage] = []
  private var free: [Int] = []

  /// How many there are.
  var count: Int { messages.count - free.count }

  subscript(_ place: Int) -> OutgoingMessage {
    _read { yield messages[place] }
    _modify { yield &messages[place] }
  }

  mutating func insert(_ message: OutgoingMessage) -> Int {
    if let place = free.popLast() {
      messages[place] = message
      return place
    }
    messages.append(message)
    return messages.count - 1
  }

  mutating func remove(_ place: Int) {
    messages[place].payload = []
    messages[place].next = nil
    free.append(place)
  }
}
