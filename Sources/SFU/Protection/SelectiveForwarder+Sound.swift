import BWE
import Peer
import RTP
import Wire

extension SelectiveForwarder {
  /// Takes a packet of sound apart into frames and queues those that are new: lost ones out of its redundancy
  /// (RFC 2198) first, in order.
  func acceptSound(
    _ header: RTPHeader, _ packet: Span<UInt8>, _ payload: Range<Int>, _ index: Int64,
    at offset: Int, of stream: IncomingStream, in room: Room, _ now: Instant
  ) {
    let track = stream.source.track
    let codecType = track.protection.redundancy[header.payloadType]
    let body = packet.extracting(payload)
    guard !payload.isEmpty, let codec = track.codecs[codecType ?? header.payloadType],
      codecType.map({ soundBlocks.read(body, payloadType: $0) }) ?? true
    else {
      var padding = IncomingStream.Pending(
        header: header, codec: .init(.other), index: index, payload: offset..<offset,
        isKeyFrameStart: false)
      padding.layer = .padding
      queue(padding, of: stream)
      return
    }
    var frame = IncomingStream.Pending(
      header: header, codec: codec, index: index, payload: payload, isKeyFrameStart: true)
    inspect(&frame, packet, payload, stream, room, now)
    stream.isRedundant = codecType != nil
    guard let codecType else {
      queueSound(frame, packet, at: offset, of: stream)
      return
    }
    frame.header.payloadType = codecType
    for block in soundBlocks.earlier where stream.losses.recover(index &- block.distance) {
      var lost = frame
      lost.index = index &- block.distance
      lost.header.marker = false
      lost.header.sequenceNumber &-= UInt16(truncatingIfNeeded: block.distance)
      lost.header.timestamp &-= block.timestampOffset
      lost.payload = block.range.shifted(by: payload.lowerBound)
      queueSound(lost, packet, at: offset, of: stream)
    }
    frame.payload = soundBlocks.current.shifted(by: payload.lowerBound)
    queueSound(frame, packet, at: offset, of: stream)
  }

  /// `frame` has its place in the stream as it came, and its payload's place in the packet.
  private func queueSound(
    _ frame: IncomingStream.Pending, _ packet: Span<UInt8>, at offset: Int,
    of stream: IncomingStream
  ) {
    var frame = frame
    // What is said while it is muted is not even remembered.
    guard stream.source.isLive else { return }
    let behind = max(stream.sound.newest, frame.index) &- frame.index
    let isNew = stream.sound.remember(
      frame.index, timestamp: frame.header.timestamp, packet.extracting(frame.payload))
    guard isNew else { return }
    stream.lateness.note(behind: Int(clamping: behind))
    frame.isLate = behind > Int64(SoundHistory.deepest)
    frame.payload = frame.payload.shifted(by: offset)
    queue(frame, of: stream)
  }
}

extension SelectiveForwarder {
  /// Sends one frame to a viewer, with earlier ones in front where its losses are worth that.
  func sendSound(
    _ frame: borrowing IncomingStream.Pending, _ verdict: LayerVerdict,
    of stream: IncomingStream, in slot: Slot, _ bytes: Span<UInt8>, at now: Instant,
    into outbox: Outbox
  ) {
    guard let payloadType = slot.payloadType(for: frame.codec) else { return }
    guard let (type, payload) = redundantPayload(frame, of: stream, in: slot, payloadType) else {
      let payload = bytes.extracting(frame.payload)
      transmitSound(frame, verdict, payload, in: slot, at: now, into: outbox)
      return
    }
    transmitSound(
      frame, verdict, payload.span, payloadType: type, in: slot, at: now, into: outbox)
  }

  /// Sends a packet of sound and keeps it for those who may ask for it again. `payloadType` is that of redundancy.
  func transmitSound(
    _ frame: borrowing IncomingStream.Pending, _ verdict: LayerVerdict, _ payload: Span<UInt8>,
    payloadType: UInt8? = nil, in slot: Slot, at now: Instant, into outbox: Outbox
  ) {
    guard let codecType = slot.payloadType(for: frame.codec) else { return }
    let header = RTPHeader(
      payloadType: payloadType ?? codecType, sequenceNumber: verdict.sequenceNumber,
      timestamp: verdict.timestamp, ssrc: slot.ssrc, marker: verdict.marker)
    var extensions = takeExtensions()
    defer { self.extensions = extensions }
    slot.fill(&extensions, audioLevel: frame.audioLevel, videoOrientation: nil)
    let sentCount = outbox.datagrams.count
    transmit(header, &extensions, payload, in: slot, at: now, into: outbox)
    guard outbox.datagrams.count > sentCount else { return }
    if frame.isLate, slot.viewer.protection.doublesLate { sendAgain(in: slot, outbox) }
    guard slot.plan.protection.repeatsSound, slot.viewer.protection.repeatsSound else { return }
    slot.sentSound.note(verdict.sequenceNumber, outbox, at: now)
  }

  /// Sends the newest datagram twice.
  private func sendAgain(in slot: Slot, _ outbox: Outbox) {
    guard let path = slot.viewer.link.remote.selectedPath else { return }
    var bytes = takeScratch()
    defer { scratch = bytes }
    guard outbox.copyNewest(into: &bytes) else { return }
    outbox.append(bytes.span, on: path)
    slot.viewer.link.counters.note(.protection, byteCount: bytes.count)
  }

  /// Answers a request for lost sound with the very same datagrams: there is no RTX for sound, and SRTP takes no number
  /// twice for anything else.
  func repeatSound(
    _ request: GenericNACK, in slot: Slot, at now: Instant, into outbox: Outbox
  ) {
    let link = slot.viewer.link
    guard slot.source?.isLive != false, let path = link.remote.selectedPath else { return }
    for number in request.sequenceNumbers.prefix(SentSound.capacity) {
      link.counters.requestedPacketCount &+= 1
      guard let bytes = slot.sentSound.take(number, roundTrip: link.roundTrip, at: now)
      else { continue }
      outbox.append(bytes.span, on: path)
      link.counters.note(.retransmission, byteCount: bytes.count)
      if link.isLimited {
        link.pacer.passed(byteCount: bytes.count + ViewerLink.datagramOverhead, at: now)
      }
    }
  }

  /// Nil where the frame goes alone.
  private func redundantPayload(
    _ frame: borrowing IncomingStream.Pending, of stream: IncomingStream, in slot: Slot,
    _ payloadType: UInt8
  ) -> (type: UInt8, payload: [UInt8])? {
    guard let type = slot.plan.protection.redundancyPayloadType, frame.codec.name == .opus
    else { return nil }
    let depth = slot.viewer.protection.redundancyDepth(isRedundant: stream.isRedundant)
    guard depth > 0,
      let payload = stream.sound.payload(
        frame.index, depth: depth, since: slot.layers.firstIndex, payloadType: payloadType)
    else { return nil }
    return (type, payload)
  }
}

extension Range<Int> {
  fileprivate func shifted(by distance: Int) -> Range<Int> {
    lowerBound + distance..<upperBound + distance
  }
}
