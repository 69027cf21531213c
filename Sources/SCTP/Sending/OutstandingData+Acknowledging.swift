extension OutstandingData {
  // MARK: Acknowledging

  /// Marks one chunk as arrived, if it was not.
  private mutating func deliver(_ sequence: Int64, _ delivery: inout Delivery) {
    switch ring[sequence].state {
    case .inFlight:
      removeFromFlight(sequence)
    case .lost:
      ring.remove(sequence, from: &lost)
      if ring[sequence].transmissionCount == 1 { delivery.wasFalselyLost = true }
    case .acknowledged, .abandoned:
      return
    }
    ring[sequence].state = .acknowledged
    ring[sequence].settledUpTo = sequence
    acknowledgedCount += 1
    delivery.note(ring[sequence])
    if sequence < newestAcknowledged {
      if ring[sequence].transmissionCount == 1 { delivery.wasReordered = true }
    } else {
      newestAcknowledged = sequence
    }
  }

  /// Marks a gap block, skipping in leaps what was marked before.
  mutating func deliver(_ block: ClosedRange<Int64>, _ delivery: inout Delivery) {
    var sequence = block.lowerBound
    if ring[sequence].isSettled {
      sequence = endOfSettled(from: sequence) + 1
      // The same block as in the SACK before: nothing to do.
      if sequence > block.upperBound { return }
    }
    while sequence <= block.upperBound {
      if ring[sequence].isSettled {
        sequence = endOfSettled(from: sequence) + 1
      } else {
        deliver(sequence, &delivery)
        sequence += 1
      }
    }
    // The next SACK will most likely name the same block: one leap for it.
    _ = endOfSettled(from: block.lowerBound)
  }

  /// The last chunk of a run of settled ones; shortens the way there for next time.
  private mutating func endOfSettled(from start: Int64) -> Int64 {
    var end = start
    while true {
      let leap = ring[end].settledUpTo
      if leap > end {
        end = leap
      } else if end + 1 < next, ring[end + 1].isSettled {
        end += 1
      } else {
        break
      }
    }
    var sequence = start
    while sequence < end {
      let leap = max(ring[sequence].settledUpTo, sequence + 1)
      ring[sequence].settledUpTo = end
      sequence = leap
    }
    return end
  }

  /// Moves the cumulative TSN one on; returns the chunk that is done.
  mutating func releaseOldest(_ delivery: inout Delivery) -> OutstandingChunk? {
    guard let sequence = oldest else { return nil }
    deliver(sequence, &delivery)
    if ring[sequence].state == .acknowledged { acknowledgedCount -= 1 }
    cumulative = sequence
    newestAcknowledged = max(newestAcknowledged, sequence)
    return ring[sequence]
  }

  /// Whether the other side dropped what it had acknowledged in a gap block (RFC 9260 §6.2.1): the
  /// chunk after the cumulative TSN cannot have arrived, or the TSN would be further.
  var hasReneged: Bool { oldest.map { ring[$0].state == .acknowledged } ?? false }

  /// Takes back every mark that the newest SACK does not repeat; those chunks are lost.
  mutating func takeBack(except blocks: [ClosedRange<Int64>], into losses: inout Losses) {
    guard !isEmpty else { return }
    var block = blocks[...]
    newestAcknowledged = blocks.last?.upperBound ?? cumulative
    for sequence in (cumulative + 1)..<next where ring[sequence].isSettled {
      ring[sequence].settledUpTo = sequence
      guard ring[sequence].state == .acknowledged else { continue }
      while let first = block.first, first.upperBound < sequence { block.removeFirst() }
      if let first = block.first, first.contains(sequence) { continue }
      acknowledgedCount -= 1
      moveToLost(sequence, &losses)
    }
  }
}
