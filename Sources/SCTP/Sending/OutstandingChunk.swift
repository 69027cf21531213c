internal import Wire

/// A chunk that was sent and is not yet acknowledged cumulatively.
struct OutstandingChunk: Sendable {
  enum State: UInt8, Sendable {
    case inFlight
    /// To be sent again.
    case lost
    /// In a gap block: arrived, though something before it did not.
    case acknowledged
    /// Given up with its message; FORWARD-TSN passes over it.
    case abandoned
  }

  var message: Int
  var offset: Int
  var byteCount: Int
  /// Bytes on the wire, with header and padding: what it counts for in the windows.
  var wireByteCount: Int
  var fragmentNumber: UInt32
  var isFirst: Bool
  var isLast: Bool
  var state = State.inFlight
  /// Whether there was nothing left to send when it was sent.
  var wasApplicationLimited = false
  /// How often it was sent.
  var transmissionCount: UInt16 = 1
  /// Its neighbours in the list it is in.
  var older: Int64?
  var newer: Int64?
  /// The chunk of the same message before it.
  var previousOfMessage: Int64?
  /// Where settled: a later chunk, up to which all are settled as well.
  var settledUpTo: Int64 = 0
  /// The packet it was last sent in; packets are counted in the order they were sent.
  var packet: Int64
  var sentAt: Instant
  /// What had been delivered when it was sent, for the rate (see `DeliveryRate`).
  var delivery = DeliveryRate.Mark()

  /// Nothing more is to be done for it.
  var isSettled: Bool { state == .acknowledged || state == .abandoned }
}

/// A list of chunks in the order they were appended, linked through the chunks themselves.
struct ChunkList: Sendable {
  var oldest: Int64?
  var newest: Int64?
  var count = 0
  var byteCount = 0
}

/// Chunks of consecutive TSNs in a ring that grows by doubling.
///
/// TSNs are unwrapped to 64 bits: the ring never sees one wrap.
struct ChunkRing: Sendable {
  private var storage: [OutstandingChunk] = []
  private var mask = 0

  subscript(_ sequence: Int64) -> OutstandingChunk {
    _read { yield storage[Int(truncatingIfNeeded: sequence) & mask] }
    _modify { yield &storage[Int(truncatingIfNeeded: sequence) & mask] }
  }

  /// Puts a chunk behind the `count` ones from `first` on.
  mutating func append(_ chunk: OutstandingChunk, first: Int64, count: Int) {
    if count == storage.count { grow(first: first, filler: chunk) }
    self[first &+ Int64(count)] = chunk
  }

  private mutating func grow(first: Int64, filler: OutstandingChunk) {
    let old = storage
    let oldMask = mask
    storage = Array(repeating: filler, count: max(16, old.count * 2))
    mask = storage.count - 1
    for offset in 0..<Int64(old.count) {
      self[first &+ offset] = old[Int(truncatingIfNeeded: first &+ offset) & oldMask]
    }
  }

  // MARK: Lists

  mutating func append(_ sequence: Int64, to list: inout ChunkList) {
    self[sequence].older = list.newest
    self[sequence].newer = nil
    if let newest = list.newest { self[newest].newer = sequence } else { list.oldest = sequence }
    list.newest = sequence
    list.count += 1
    list.byteCount += self[sequence].wireByteCount
  }

  mutating func prepend(_ sequence: Int64, to list: inout ChunkList) {
    guard let oldest = list.oldest else { return append(sequence, to: &list) }
    self[sequence].older = nil
    self[sequence].newer = oldest
    self[oldest].older = sequence
    list.oldest = sequence
    list.count += 1
    list.byteCount += self[sequence].wireByteCount
  }

  mutating func remove(_ sequence: Int64, from list: inout ChunkList) {
    let older = self[sequence].older
    let newer = self[sequence].newer
    if let older { self[older].newer = newer } else { list.oldest = newer }
    if let newer { self[newer].older = older } else { list.newest = older }
    list.count -= 1
    list.byteCount -= self[sequence].wireByteCount
  }
}
