import BWE
import Peer
import RTP
import Wire

/// Key frames that viewers wait for.
extension SelectiveForwarder {
  /// A key frame older than this is asked for anew: what follows it would come too late to be shown in time.
  private static let replayAge = Duration.milliseconds(600)
  /// More than this is not sent at once to one who waits.
  private static let replayByteLimit = 300_000
  private static let replayPacketLimit = 400
  private static let payloadLimit = 2048
  /// What the way can carry in so much time is sent to one who waits.
  private static let replayTime = Duration.milliseconds(500)

  /// A viewer asks for a key frame. Others share the sender: what one may ask for is bounded.
  func wantKeyFrame(_ ssrc: UInt32, from member: Member, _ now: Instant) {
    guard let slot = member.slot(ssrc) else { return }
    member.link.counters.keyFrameRequestCount &+= 1
    if slot.current != nil { slot.requestedKeyFrameCount &+= 1 }
    guard let stream = slot.target ?? slot.current else { return }
    guard stream.keyFrames.isWanted || slot.sending.keyFrames.take(at: now) else { return }
    stream.wantKeyFrame()
    if slot.current === stream { stream.needsNewKeyFrame = true }
    wake(now)
  }

  /// Asks for the key frames of a sender that somebody waits for: for all layers of a source at once, and at most
  /// once in `KeyFrameDemand.interval` for each source. Those are served first whom memory can serve.
  func requestKeyFrames(of member: Member, at now: Instant, into outbox: Outbox) {
    for source in member.sources where source.isLive && !source.slots.isEmpty {
      for slot in source.slots { slot.askForOwed(at: now) }
      var wanted = source.streams.filter { $0.keyFrames.isWanted }
      // Who waited for one may have gone over to another size, and a sender that is asked for one makes key frames of all.
      for stream in wanted where !stream.isAwaited { stream.satisfyKeyFrames() }
      wanted.removeAll { !$0.keyFrames.isWanted }
      guard !wanted.isEmpty else { continue }
      for stream in wanted { replay(stream, at: now, into: outbox) }
      wanted.removeAll { !$0.keyFrames.isWanted }
      let earliest = source.lastKeyFrameRequest.map { $0 + KeyFrameDemand.interval } ?? .zero
      for stream in wanted {
        guard earliest <= now, stream.takeKeyFrameRequest(at: now) else {
          wake(member, stream.keyFrames.deadline.map { max($0, earliest) })
          continue
        }
        source.lastKeyFrameRequest = now
        requestedKeyFrameCount &+= 1
        let request = PictureLossIndication(senderSSRC: 1, mediaSSRC: stream.ssrc)
        member.remote.sendRTCP(capacity: 64, into: outbox) { request.write(into: &$0) }
        wake(member, stream.keyFrames.deadline)
      }
    }
  }

  /// Serves slots that wait for `stream` from memory, where its last key frame and all after it are there.
  private func replay(_ stream: IncomingStream, at now: Instant, into outbox: Outbox) {
    let waiting = stream.source.slots.filter {
      $0.current == nil && $0.target === stream && $0.viewer.isConnected
    }
    guard !waiting.isEmpty, let byteCount = replayByteCount(stream, at: now) else { return }
    for slot in waiting {
      let budget =
        Int64(slot.viewer.link.targetBitrate) / 8 * Self.replayTime.milliseconds / 1000
      guard Int64(byteCount) <= budget else { continue }
      replay(stream, to: slot, at: now, into: outbox)
    }
    let isWaitedFor = stream.source.slots.contains { slot in
      slot.viewer.isConnected
        && (slot.target === stream || slot.current === stream && slot.layers.needsKeyFrame)
    }
    if !isWaitedFor, !stream.needsNewKeyFrame { stream.satisfyKeyFrames() }
  }

  /// Bytes of the last key frame and what came after, where all of it is in memory and young enough to be of use.
  private func replayByteCount(_ stream: IncomingStream, at now: Instant) -> Int? {
    guard let keyFrame = stream.lastKeyFrame, now - keyFrame.at <= Self.replayAge,
      stream.newestIndex >= keyFrame.index, stream.newestIndex == stream.unwrapper.newest,
      stream.newestIndex &- keyFrame.index < Int64(Self.replayPacketLimit)
    else { return nil }
    var total = 0
    for index in keyFrame.index...stream.newestIndex {
      guard let count = stream.cache.byteCount(at: index, now: now) else { return nil }
      total += ViewerLink.wireByteCount(payload: count)
    }
    return total <= Self.replayByteLimit ? total : nil
  }

  private func replay(
    _ stream: IncomingStream, to slot: Slot, at now: Instant, into outbox: Outbox
  ) {
    guard let keyFrame = stream.lastKeyFrame else { return }
    slot.viewer.link.counters.replayedKeyFrameCount &+= 1
    var buffer: [UInt8] = []
    for index in keyFrame.index...stream.newestIndex {
      guard let cached = stream.cache.packet(at: index, now: now) else { return }
      let codec = stream.source.track.codecs[cached.payloadType] ?? .init(.other)
      buffer.removeAll(keepingCapacity: true)
      buffer.append(addingCapacity: Self.payloadLimit) { output in
        _ = stream.cache.appendPayload(at: index, now: now, to: &output)
      }
      let frame = FrameInspection(again: buffer.span, codec: codec, index: index, of: stream)
      var packet = IncomingStream.Pending(
        header: RTPHeader(
          payloadType: cached.payloadType, sequenceNumber: UInt16(truncatingIfNeeded: index),
          timestamp: cached.timestamp, ssrc: stream.ssrc, marker: cached.marker),
        codec: codec, index: index, payload: 0..<buffer.count,
        isKeyFrameStart: frame.keyFrame != nil)
      packet.layer = buffer.isEmpty ? .padding : frame.layer
      packet.videoOrientation = cached.videoOrientation
      var bytes = buffer.mutableSpan
      forward(packet, of: stream, to: slot, &bytes, at: now, into: outbox)
    }
  }
}
