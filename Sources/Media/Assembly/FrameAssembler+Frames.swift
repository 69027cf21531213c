import Wire

extension FrameAssembler {
  /// What the packets of a frame say together.
  private struct Parts {
    var payloads: [[UInt8]] = []
    let timestamp: UInt32
    /// What the first payload tells.
    let description: PayloadDescription
    var isKeyFrame = false
    var hasParameterSets = false
    /// The highest spatial layer.
    var spatial: UInt8 = 0
    var firstReceivedAt: Instant
    var receivedAt: Instant
  }

  private func parts(of range: Range<Int64>) -> Parts? {
    var parts: Parts?
    for index in range {
      guard let packet = window[index], let content = window.content(index),
        let description = content.description
      else { continue }
      var sum =
        parts
        ?? Parts(
          timestamp: packet.timestamp, description: description,
          firstReceivedAt: packet.receivedAt, receivedAt: packet.receivedAt)
      parts = nil
      sum.payloads.append(content.payload)
      sum.isKeyFrame = sum.isKeyFrame || description.isKeyFrame
      sum.hasParameterSets = sum.hasParameterSets || description.hasParameterSets
      sum.spatial = max(sum.spatial, description.layer?.spatial ?? 0)
      sum.firstReceivedAt = min(sum.firstReceivedAt, packet.receivedAt)
      sum.receivedAt = max(sum.receivedAt, packet.receivedAt)
      parts = sum
    }
    return parts
  }

  /// Takes the frame at `range` out. Nil where it cannot be used.
  mutating func take(_ range: Range<Int64>) -> ReceivedFrame? {
    if let cursor, range.lowerBound > cursor { noteLoss() }
    let parts = parts(of: range)
    counts.droppedFrames += max(window.removeAll(before: range.upperBound) - 1, 0)
    cursor = range.upperBound
    guard let parts else { return nil }
    isAligned = true
    before = Boundary(timestamp: parts.timestamp, endsFrame: true)
    knowsParameterSets = knowsParameterSets || parts.hasParameterSets
    guard parts.description.start != .none, !lacksParameterSets(parts.isKeyFrame),
      let bytes = depacketizer.join(parts.payloads)
    else {
      counts.droppedFrames += 1
      noteLoss()
      return nil
    }
    guard gate.admits(isKeyFrame: parts.isKeyFrame, parts.description) else {
      counts.droppedFrames += 1
      return nil
    }
    var frame = EncodedFrame(
      bytes: bytes, timestamp: parts.timestamp, isKeyFrame: parts.isKeyFrame,
      layer: parts.description.layer)
    frame.layer?.spatial = parts.spatial
    counts.emittedFrames += 1
    if parts.isKeyFrame { counts.emittedKeyFrames += 1 }
    defer { followsLoss = false }
    return ReceivedFrame(
      frame: frame, firstReceivedAt: parts.firstReceivedAt, receivedAt: parts.receivedAt,
      sequenceNumber: UInt16(truncatingIfNeeded: range.lowerBound),
      packetCount: parts.payloads.count, pictureID: parts.description.pictureID,
      followsLoss: followsLoss)
  }

  private func lacksParameterSets(_ isKeyFrame: Bool) -> Bool {
    guard codec == .h264 || codec == .h265, isKeyFrame else { return false }
    return options.expectsParameterSets && !knowsParameterSets
  }

  mutating func noteLoss() {
    followsLoss = true
    gate.noteLoss()
  }

  /// Gives up the frame that is waited for, and goes on with the next one that certainly starts behind the hole.
  public mutating func abandonFrame() {
    guard !window.isEmpty else { return }
    noteLoss()
    var start = max(cursor ?? .min, window.range.lowerBound)
    if isAligned, let cursor {
      if case .complete(let range) = scan(from: cursor) {
        let timestamp = window[cursor]?.timestamp ?? 0
        counts.droppedFrames += window.removeAll(before: range.upperBound)
        self.cursor = range.upperBound
        before = Boundary(timestamp: timestamp, endsFrame: true)
        return
      }
      start = cursor
      while window[start] != nil { start += 1 }
      start = start < window.range.upperBound ? start + 1 : cursor + 1
    }
    while start < window.range.upperBound, !isStart(start) { start += 1 }
    if start < window.range.upperBound {
      before = nil
      isAligned = true
    } else {
      let last = window[start - 1]
      before = last.map { Boundary(timestamp: $0.timestamp, endsFrame: $0.marker) }
      isAligned = last?.marker == true
    }
    counts.droppedFrames += window.removeAll(before: start)
    cursor = start
  }
}
