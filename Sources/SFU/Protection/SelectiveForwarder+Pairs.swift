import Media
import RTP
import Wire

/// Frames of sound in pairs. On the narrowest of ways, the headers of fifty packets a second are as much as half of a voice.
extension SelectiveForwarder {
  /// A packet with room for two frames and their lengths.
  private static let pairCapacity = 2 * SoundHistory.longestPayload

  /// Sends a frame together with the one before it, or has it wait for the next.
  func sendInPairs(
    _ frame: borrowing IncomingStream.Pending, of stream: IncomingStream, in slot: Slot,
    at now: Instant, into outbox: Outbox
  ) {
    guard let waiting = slot.waitingFrame else {
      if frame.index > slot.newestPaired {
        slot.waitingFrame = frame.index
        slot.newestPaired = frame.index
      } else {
        sendFrame(frame, frame.index, of: stream, in: slot, at: now, into: outbox)
      }
      return
    }
    if frame.index == waiting &+ 1, sendPair(frame, of: stream, in: slot, at: now, into: outbox) {
      slot.waitingFrame = nil
      slot.newestPaired = frame.index
      return
    }
    guard frame.index > waiting else {
      sendFrame(frame, frame.index, of: stream, in: slot, at: now, into: outbox)
      return
    }
    sendFrame(frame, waiting, of: stream, in: slot, at: now, into: outbox)
    slot.waitingFrame = frame.index
    slot.newestPaired = frame.index
  }

  /// Sends frame `index` of the stream alone, out of memory.
  private func sendFrame(
    _ packet: borrowing IncomingStream.Pending, _ index: Int64, of stream: IncomingStream,
    in slot: Slot, at now: Instant, into outbox: Outbox
  ) {
    var bytes = takeScratch()
    defer { scratch = bytes }
    bytes.removeAll(keepingCapacity: true)
    guard let timestamp = stream.sound.copy(index, into: &bytes) else { return }
    var frame = copy packet
    frame.index = index
    frame.header.timestamp = timestamp
    guard let verdict = slot.layers.take(frame, of: stream, at: now) else { return }
    transmitSound(frame, verdict, bytes.span, in: slot, at: now, into: outbox)
  }

  /// False where the two do not fit together.
  private func sendPair(
    _ second: borrowing IncomingStream.Pending, of stream: IncomingStream, in slot: Slot,
    at now: Instant, into outbox: Outbox
  ) -> Bool {
    var bytes = takeScratch()
    defer { scratch = bytes }
    bytes.removeAll(keepingCapacity: true)
    guard let timestamp = stream.sound.copy(second.index &- 1, into: &bytes),
      let head = OpusPacket(parsing: bytes.span)
    else { return false }
    let count = bytes.count
    guard let next = stream.sound.copy(second.index, into: &bytes),
      next &- timestamp == UInt32(clamping: head.sampleCount)
    else { return false }
    var pair: [UInt8] = []
    pair.append(addingCapacity: Self.pairCapacity) { output in
      _ = OpusPacket.join(
        bytes.span.extracting(first: count), bytes.span.extracting(droppingFirst: count),
        into: &output)
    }
    guard !pair.isEmpty, slot.layers.leaveOut(second.index &- 1) else { return false }
    var frame = copy second
    frame.header.timestamp = timestamp
    guard let verdict = slot.layers.take(frame, of: stream, at: now) else { return true }
    transmitSound(frame, verdict, pair.span, in: slot, at: now, into: outbox)
    return true
  }
}
