import RTP
import Wire

extension SelectiveForwarder {
  /// Frames of the past that are sent at most to one who did not hear somebody before.
  private static let longestBeginning = 16

  /// Begins to send a voice with what it said before the slot was its own: that somebody speaks is known only after the
  /// beginning of the first word. The frames leave together; players catch up by playing a little faster. False where
  /// there is nothing of the kind.
  func catchUp(
    with stream: IncomingStream, before packet: borrowing IncomingStream.Pending, in slot: Slot,
    at now: Instant, _ outbox: Outbox
  ) -> Bool {
    guard let voice = stream.source.voice, stream.source.isLive else { return false }
    let count = voice.beginning(within: Self.longestBeginning, at: now)
    guard count > 0 else { return false }
    var buffer = takeScratch()
    defer { scratch = buffer }
    for distance in stride(from: Int64(count), to: 0, by: -1) {
      buffer.removeAll(keepingCapacity: true)
      let index = packet.index &- distance
      guard let timestamp = stream.sound.copy(index, into: &buffer) else { continue }
      var frame = IncomingStream.Pending(
        header: packet.header, codec: packet.codec, index: index, payload: 0..<buffer.count,
        isKeyFrameStart: true)
      frame.header.sequenceNumber = UInt16(truncatingIfNeeded: index)
      frame.header.timestamp = timestamp
      frame.header.marker = false
      frame.audioLevel = packet.audioLevel
      if slot.current !== stream { slot.begin(stream, with: frame, at: now) }
      if slot.pairsFrames, packet.codec.name == .opus {
        sendInPairs(frame, of: stream, in: slot, at: now, into: outbox)
        continue
      }
      guard let verdict = slot.layers.take(frame, of: stream, at: now) else { continue }
      var bytes = buffer.mutableSpan
      send(frame, verdict, of: stream, in: slot, &bytes, at: now, into: outbox)
    }
    return slot.current === stream
  }
}
