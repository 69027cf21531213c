/// Messages of streams that have no channel yet, bounded.
///
/// An unordered message may overtake the announcement of its channel, the application may open its half of a
/// negotiated channel a little late, and the other side may use a stream again, and even close that channel
/// too, before we have heard that the last one is over on both sides.
struct HeldMessages {
  private var messages: [SCTPMessage] = []
  private var byteCount = 0
  private var resetStreams: Set<UInt16> = []

  /// Keeps a message; false where there are too many.
  mutating func hold(_ message: SCTPMessage, _ limits: DataChannelLimits) -> Bool {
    guard messages.count < limits.heldMessages,
      byteCount + message.payload.count <= limits.heldByteCount
    else { return false }
    messages.append(message)
    byteCount += message.payload.count
    return true
  }

  /// Notes that the other side has reset its half of a stream after what is held of it.
  mutating func noteReset(of stream: UInt16) { resetStreams.insert(stream) }

  /// Gives back what was held of a stream, in its order, and whether a reset came after it.
  mutating func take(_ stream: UInt16) -> (messages: [SCTPMessage], isReset: Bool) {
    let isReset = resetStreams.remove(stream) != nil
    let taken = messages.filter { $0.stream == stream }
    guard !taken.isEmpty else { return ([], isReset) }
    messages.removeAll { $0.stream == stream }
    byteCount -= taken.reduce(0) { $0 + $1.payload.count }
    return (taken, isReset)
  }

  /// Whether something of a stream is held.
  func holds(_ stream: UInt16) -> Bool { messages.contains { $0.stream == stream } }
}
