internal import Wire

/// Everything that was sent and is not acknowledged cumulatively, by TSN (RFC 9260 §6.2, §7.2.4).
///
/// TSNs are unwrapped to 64-bit sequence numbers at this border. Each chunk is in one of three lists at
/// most: what is in flight for the first time, and what was sent again, both in the order they were
/// sent, and what is lost, in the order it will be sent again. So an acknowledgement costs as much as
/// the chunks it is about, however many are in flight.
struct OutstandingData: Sendable {
  /// Chunks beyond the cumulative TSN: a gap block cannot name more (RFC 9260 §3.3.4).
  static let limit = 65_000

  var ring = ChunkRing()
  /// All up to this one are acknowledged.
  var cumulative: Int64
  /// What the next new chunk gets.
  var next: Int64
  var fresh = ChunkList()
  var repeated = ChunkList()
  var lost = ChunkList()
  /// The newest one that a gap block or the cumulative TSN named.
  var newestAcknowledged: Int64
  /// Chunks in gap blocks.
  var acknowledgedCount = 0

  init(initialTSN: UInt32) {
    next = Int64(initialTSN)
    cumulative = next - 1
    newestAcknowledged = cumulative
  }

  var count: Int { Int(next &- cumulative &- 1) }
  var isEmpty: Bool { count == 0 }
  var inFlightCount: Int { fresh.count + repeated.count }
  /// Bytes in flight, with headers and padding.
  var inFlightByteCount: Int { fresh.byteCount + repeated.byteCount }
  /// The chunk in flight that was sent last, new ones before repeated ones.
  var newestInFlight: Int64? { fresh.newest ?? repeated.newest }
  var isFull: Bool { count >= Self.limit }
  var oldest: Int64? { isEmpty ? nil : cumulative + 1 }

  /// The TSN of a sequence number.
  static func tsn(of sequence: Int64) -> UInt32 { UInt32(truncatingIfNeeded: sequence) }

  /// The sequence number of a TSN, which is within half a circle of the cumulative one.
  func sequence(of tsn: UInt32) -> Int64 {
    cumulative &+ Int64(Int32(bitPattern: tsn &- Self.tsn(of: cumulative)))
  }

  // MARK: Sending

  /// Takes a new chunk that is being sent, and returns its sequence number.
  mutating func append(_ chunk: OutstandingChunk) -> Int64 {
    let sequence = next
    ring.append(chunk, first: cumulative + 1, count: count)
    next += 1
    if chunk.state == .inFlight { ring.append(sequence, to: &fresh) }
    return sequence
  }

  /// Moves a lost chunk, or one in flight that is sent again as a probe, to the end of what is in flight.
  mutating func resend(
    _ sequence: Int64, in packet: Int64, at now: Instant, _ mark: DeliveryRate.Mark
  ) {
    switch ring[sequence].state {
    case .lost: ring.remove(sequence, from: &lost)
    case .inFlight: removeFromFlight(sequence)
    case .acknowledged, .abandoned: return
    }
    ring[sequence].state = .inFlight
    ring[sequence].transmissionCount = ring[sequence].transmissionCount &+ 1
    if ring[sequence].transmissionCount < 2 { ring[sequence].transmissionCount = .max }
    ring[sequence].packet = packet
    ring[sequence].sentAt = now
    ring[sequence].delivery = mark
    ring[sequence].wasApplicationLimited = false
    ring.append(sequence, to: &repeated)
  }

  mutating func removeFromFlight(_ sequence: Int64) {
    if ring[sequence].transmissionCount == 1 {
      ring.remove(sequence, from: &fresh)
    } else {
      ring.remove(sequence, from: &repeated)
    }
  }

  // MARK: Losing

  /// Takes for lost what was sent before `packet` and longer than `age` ago (RFC 8985 §6.2 step 5).
  /// Returns when the next one will be as old, if any was sent before it.
  ///
  /// Of chunks beyond `horizon` that were sent once nothing is known, since SACKs had no room for them:
  /// they get `allowance` to be told of.
  mutating func loseChunks(
    before packet: Int64, olderThan age: Duration, horizon: Int64, allowance: Duration,
    at now: Instant, into losses: inout Losses
  ) -> Instant? {
    var next: Instant?
    while let sequence = fresh.oldest, ring[sequence].packet < packet {
      let due = ring[sequence].sentAt + (sequence > horizon ? age + allowance : age)
      guard due <= now else {
        next = due
        break
      }
      lose(sequence, &losses)
    }
    while let sequence = repeated.oldest, ring[sequence].packet < packet {
      let due = ring[sequence].sentAt + age
      guard due <= now else { return next.map { min($0, due) } ?? due }
      lose(sequence, &losses)
    }
    return next
  }

  /// Takes everything in flight for lost (RFC 9260 §6.3.3 E3), to be sent again in the order of TSNs.
  mutating func loseAll(into losses: inout Losses) {
    losses.byteCount += inFlightByteCount
    losses.count += inFlightCount
    fresh = ChunkList()
    repeated = ChunkList()
    lost = ChunkList()
    guard !isEmpty else { return }
    for sequence in (cumulative + 1)..<next {
      let state = ring[sequence].state
      guard state == .inFlight || state == .lost else { continue }
      losses.newestPacket = max(losses.newestPacket, ring[sequence].packet)
      ring[sequence].state = .lost
      ring.append(sequence, to: &lost)
    }
  }

  /// Takes back that chunks were lost which were not sent again: the timer was wrong.
  mutating func restoreLost() {
    var cursor = lost.newest
    while let sequence = cursor {
      cursor = ring[sequence].older
      guard ring[sequence].transmissionCount == 1 else { continue }
      ring.remove(sequence, from: &lost)
      ring[sequence].state = .inFlight
      ring.prepend(sequence, to: &fresh)
    }
  }

  private mutating func lose(_ sequence: Int64, _ losses: inout Losses) {
    removeFromFlight(sequence)
    moveToLost(sequence, &losses)
  }

  mutating func moveToLost(_ sequence: Int64, _ losses: inout Losses) {
    ring[sequence].state = .lost
    // What the other side waits for most goes first.
    if let oldest = lost.oldest, sequence < oldest {
      ring.prepend(sequence, to: &lost)
    } else {
      ring.append(sequence, to: &lost)
    }
    losses.count += 1
    losses.byteCount += ring[sequence].wireByteCount
    losses.newestPacket = max(losses.newestPacket, ring[sequence].packet)
  }

  /// Gives up one chunk; returns its payload bytes, which no longer wait for anything.
  mutating func abandon(_ sequence: Int64) -> Int {
    switch ring[sequence].state {
    case .inFlight: removeFromFlight(sequence)
    case .lost: ring.remove(sequence, from: &lost)
    case .acknowledged: acknowledgedCount -= 1
    case .abandoned: return 0
    }
    ring[sequence].state = .abandoned
    ring[sequence].settledUpTo = max(ring[sequence].settledUpTo, sequence)
    return ring[sequence].byteCount
  }
}
