import RTP
import Wire

extension Slot {
  /// What is being sent of the source now; nil for nothing. The temporal layer is no higher than what was wanted.
  var forwarding: LayerTarget? {
    guard let current, let source else { return nil }
    return LayerTarget(
      spatial: source.isSimulcast ? UInt8(clamping: current.layer) : layers.spatialLayer,
      temporal: layers.temporalLayer, keyFramesOnly: layers.keyFramesOnly)
  }

  /// Sets what the viewer is to get; nil pauses. What is too much ends at once, what is more begins with the next
  /// key frame, which is asked for, or before where it can be decoded.
  func want(_ target: LayerTarget?, at now: Instant) {
    wanted = target
    follow(at: now)
    endStandstill(at: now)
  }

  /// Does what can be done at once about what is wanted, and asks for a key frame where that is needed.
  private func follow(at now: Instant) {
    guard let wanted else { return stop() }
    guard let source, source.isLive, let best = source.stream(for: wanted, at: now) else { return }
    if best === current {
      target = nil
      layers.resume()
      layers.limit(
        spatial: source.isSimulcast ? 7 : wanted.spatial, temporal: wanted.temporal,
        keyFramesOnly: wanted.keyFramesOnly)
      if layers.needsKeyFrame { ask(best, at: now) }
    } else {
      if target !== best {
        target = best
        ask(best, at: now)
      }
      guard let current else { return }
      // Until the smaller picture can begin, the larger one goes on with as few frames as it can; where packets queue, with none:
      // they would only come after it, and push it out of a full queue.
      let isLarger = best.layer < current.layer
      layers.limit(
        spatial: 7, temporal: isLarger ? 0 : max(layers.temporalLimit, wanted.temporal),
        keyFramesOnly: wanted.keyFramesOnly)
      if isLarger, viewer.link.isOverfull || current.rests(at: now) { layers.hold() }
    }
  }

  /// Before the viewer can receive it a key frame would be spent in vain, and the next is 500 ms off. Who looks at ever
  /// other pictures, or says ever other things of its path, has to wait: key frames make the picture of all others worse.
  private func ask(_ stream: IncomingStream, at now: Instant) {
    isOwedKeyFrame = false
    guard viewer.isConnected, !stream.keyFrames.isWanted else { return }
    if stream.source.mayAsk(for: viewer.id, at: now) {
      stream.wantKeyFrame()
    } else {
      isOwedKeyFrame = true
    }
  }

  /// Has a key frame come for a picture that stands still, once the way is free for it.
  func endStandstill(at now: Instant) {
    guard standsStill, target == nil, let current, !current.keyFrames.isWanted,
      !viewer.link.isOverfull, sending.keyFrames.take(at: now)
    else { return }
    standsStill = false
    current.wantKeyFrame()
    current.needsNewKeyFrame = true
  }

  /// A packet goes to the viewer with which a picture begins that needs none before it.
  func beginAnew(with verdict: LayerVerdict, at now: Instant) {
    standsStill = false
    guard sending.keyFrameTimestamp != verdict.timestamp else { return }
    sending.keyFrameTimestamp = verdict.timestamp
    ledger.begin(with: verdict.sequenceNumber, at: now)
  }

  /// Asks for what was put off, where it still waits and its turn has come.
  func askForOwed(at now: Instant) {
    guard isOwedKeyFrame else { return }
    guard let stream = target ?? (layers.needsKeyFrame ? current : nil) else {
      isOwedKeyFrame = false
      return
    }
    ask(stream, at: now)
  }

  /// Whether a packet of `stream` may start being forwarded here. A key frame whose first packet comes last has
  /// lost the others.
  func mayBegin(
    with stream: IncomingStream, _ packet: borrowing IncomingStream.Pending, at now: Instant
  ) -> Bool {
    guard kind == .video else {
      let isMedia = packet.layer.isMedia
      return current == nil && isMedia && mayBeHeard(at: now)
    }
    guard packet.isKeyFrameStart, let wanted else { return false }
    guard target === stream || current == nil && stream.layer <= wanted.spatial else {
      return false
    }
    if packet.isLate, viewer.isConnected { stream.wantKeyFrame() }
    return !packet.isLate
  }

  /// Begins to forward `stream`.
  func begin(
    _ stream: IncomingStream, with packet: borrowing IncomingStream.Pending, at now: Instant
  ) {
    current = stream
    layers.begin(
      packet, at: now, clockRate: stream.source.track.clockRate,
      isMarked: kind == .audio)
    nextReport = now
    viewer.wakeup.call(now)
    if target === stream { target = nil }
    if kind == .video { follow(at: now) }
  }
}
