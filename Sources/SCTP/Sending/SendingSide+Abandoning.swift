internal import Wire

extension SendingSide {
  /// The lost chunk to send next; those of messages whose time or number of attempts is over are given
  /// up with them (RFC 3758 §3.5, RFC 7496 §4).
  mutating func nextLost(at now: Instant) -> Int64? {
    while let sequence = outstanding.lost.oldest {
      let message = outstanding.ring[sequence].message
      let attempts = outstanding.ring[sequence].transmissionCount
      guard usesPartialReliability,
        queue.messages[message].isExpired(at: now)
          || queue.messages[message].maximumRetransmissions.map({ attempts > $0 }) ?? false
      else { return sequence }
      abandon(message, at: now)
    }
    return nil
  }

  /// The message to send from next; one whose time was over when it was half sent is given up.
  mutating func nextMessage(at now: Instant) -> Int? {
    while let message = queue.nextMessage(at: now) {
      guard usesPartialReliability, queue.messages[message].chunkCount > 0,
        queue.messages[message].isExpired(at: now)
      else { return message }
      abandon(message, at: now)
    }
    return nil
  }

  /// Gives up a message of which something was sent.
  private mutating func abandon(_ place: Int, at now: Instant) {
    guard !queue.messages[place].isAbandoned else { return }
    metrics.abandonedMessageCount += 1
    queue.messages[place].isAbandoned = true
    if queue.messages[place].remainingByteCount > 0 { closeRest(of: place, at: now) }
    var cursor = queue.messages[place].newestChunk
    while let sequence = cursor, sequence > outstanding.cumulative {
      cursor = outstanding.ring[sequence].previousOfMessage
      outstandingByteCount -= outstanding.abandon(sequence)
    }
    queue.messages[place].payload = []
    advanceForwarding()
  }

  /// A TSN for the end of a message that will never be sent. The other side may have acknowledged all
  /// that was; without a TSN to pass over it would wait for the rest.
  private mutating func closeRest(of place: Int, at now: Instant) {
    queue.discardRest(of: place)
    var chunk = OutstandingChunk(
      message: place, offset: 0, byteCount: 0, wireByteCount: 0,
      fragmentNumber: queue.messages[place].chunkCount, isFirst: false, isLast: true,
      packet: nextPacket, sentAt: now)
    chunk.state = .abandoned
    chunk.previousOfMessage = queue.messages[place].newestChunk
    let sequence = outstanding.append(chunk)
    queue.messages[place].newestChunk = sequence
    queue.messages[place].outstandingCount += 1
    if retransmissionDeadline == nil { retransmissionDeadline = now + timeout.duration }
  }

  mutating func advanceForwarding() {
    guard usesPartialReliability else { return }
    forwarding.scan(outstanding, queue.messages)
  }

  /// Writes FORWARD-TSN or I-FORWARD-TSN, if one is due and fits.
  mutating func writeForwardTSN(into output: inout OutputSpan<UInt8>, at now: Instant) {
    guard forwarding.isDue, let (chunk, sequence) = forwardTSN(room: output.freeCapacity) else {
      return
    }
    output.append(chunk, isInterleaved: queue.isInterleaved)
    forwarding.noteTold(sequence, at: now)
    metrics.forwardCount += 1
    if retransmissionDeadline == nil { retransmissionDeadline = now + timeout.duration }
  }

  /// What to tell of, as far as it fits into `room`, and the last sequence number told of.
  private func forwardTSN(room: Int) -> (ForwardTSN, Int64)? {
    let isInterleaved = queue.isInterleaved
    let limit = (room - 8) / (isInterleaved ? 8 : 4)
    guard room >= 8, forwarding.point > outstanding.cumulative else { return nil }
    var chunk = ForwardTSN(newCumulativeTSN: 0)
    var places: [UInt32: Int] = [:]
    var end = outstanding.cumulative
    for sequence in (outstanding.cumulative + 1)...forwarding.point {
      let message = queue.messages[outstanding.ring[sequence].message]
      let isListed =
        outstanding.ring[sequence].state == .abandoned && (isInterleaved || message.isOrdered)
      if isListed {
        let stream = queue.streams[message.stream].id
        let skipped = ForwardTSN.Skipped(
          stream: stream, isUnordered: isInterleaved && !message.isOrdered,
          messageNumber: message.number)
        let key = UInt32(stream) << 1 | (message.isOrdered ? 0 : 1)
        if let place = places[key] {
          chunk.skipped[place] = skipped
        } else if chunk.skipped.count < limit {
          places[key] = chunk.skipped.count
          chunk.skipped.append(skipped)
        } else {
          break
        }
      }
      end = sequence
    }
    guard end > outstanding.cumulative else { return nil }
    chunk.newCumulativeTSN = OutstandingData.tsn(of: end)
    return (chunk, end)
  }
}
