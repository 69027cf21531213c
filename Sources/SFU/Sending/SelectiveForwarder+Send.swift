import BWE
import Peer
import RTP
import Wire

extension SelectiveForwarder {
  /// Keeps what came for those who will ask for it again, and for those whose turn comes later.
  func remember(_ stream: IncomingStream, _ bytes: Span<UInt8>, at now: Instant) {
    for place in stream.pending.indices {
      let packet = stream.pending[place]
      let payload = packet.layer.isMedia ? packet.payload : packet.payload.prefix(0)
      stream.cache.store(
        SharedPacketCache.Packet(
          index: packet.index, payloadType: packet.header.payloadType,
          marker: packet.header.marker, timestamp: packet.header.timestamp,
          audioLevel: packet.audioLevel, videoOrientation: packet.videoOrientation),
        payload: bytes.extracting(payload), at: now)
      if packet.isKeyFrameStart {
        stream.lastKeyFrame = (packet.index, now)
        stream.needsNewKeyFrame = false
      }
      stream.newestIndex = max(stream.newestIndex, packet.index)
    }
  }

  /// Sends a packet to a slot's viewer: at once where the way is free, else when its turn comes.
  func send(
    _ packet: borrowing IncomingStream.Pending, _ verdict: LayerVerdict,
    of stream: IncomingStream, in slot: Slot, _ bytes: inout MutableSpan<UInt8>,
    at now: Instant, into outbox: Outbox
  ) {
    // A number that was kept is filled, whatever the packet was for which it was kept.
    guard
      let payloadType = slot.payloadType(for: packet.codec)
        ?? (verdict.isFiller ? slot.plan.payloadTypes.values.min() : nil)
    else { return }
    let link = slot.viewer.link
    if slot.remembersSent, !verdict.isFiller {
      let reference = RepairLedger.Packet(
        input: stream.ssrc, index: packet.index, timestamp: verdict.timestamp,
        marker: verdict.marker, pictureID: verdict.pictureID,
        baseLayerIndex: verdict.baseLayerIndex, hasDescriptor: verdict.hasDescriptor)
      slot.ledger.note(
        reference, sequenceNumber: verdict.sequenceNumber, byteCount: packet.payload.count,
        at: now)
      slot.sending.note(verdict.sequenceNumber)
      if packet.isKeyFrameStart, slot.kind == .video, !packet.isLate {
        slot.beginAnew(with: verdict, at: now)
      }
      if slot.kind == .video, link.isLimited {
        let count = ViewerLink.wireByteCount(payload: packet.payload.count)
        guard link.pacer.passes(byteCount: count, at: now) else {
          let isQueued = link.enqueue(
            .init(ssrc: slot.ssrc, sequenceNumber: verdict.sequenceNumber, isRepeat: false),
            byteCount: count, at: now)
          if isQueued { attend(to: slot.viewer, at: now) }
          return
        }
      }
    }
    if slot.kind == .audio, !verdict.isFiller {
      sendSound(packet, verdict, of: stream, in: slot, bytes.span, at: now, into: outbox)
      return
    }
    packet.layer.write(verdict, in: &bytes, payloadStart: packet.payload.lowerBound)
    let isFiller = verdict.isFiller
    let payload = isFiller ? packet.payload.prefix(0) : packet.payload
    let header = RTPHeader(
      payloadType: payloadType, sequenceNumber: verdict.sequenceNumber,
      timestamp: verdict.timestamp, ssrc: slot.ssrc, marker: verdict.marker)
    var extensions = takeExtensions()
    defer { self.extensions = extensions }
    slot.fill(
      &extensions, audioLevel: packet.audioLevel, videoOrientation: packet.videoOrientation)
    if verdict.hasDescriptor {
      let descriptor = slot.layers.descriptor
      extensions.append(id: slot.extensionIDs.dependencyDescriptor, descriptor.span)
    }
    transmit(
      header, &extensions, bytes.span.extracting(payload),
      paddingCount: isFiller ? 1 : packet.paddingCount, in: slot, at: now, into: outbox)
  }

  /// Memory for the extensions of a packet; its taker puts it back. Within the forwarder each look at it would be
  /// checked for others.
  func takeExtensions() -> RTPHeaderExtensionList {
    var taken = RTPHeaderExtensionList()
    swap(&taken, &extensions)
    return taken
  }

  /// Sends a packet of a slot's own stream; `extensions` are all but the transport-wide number.
  func transmit(
    _ header: RTPHeader, _ extensions: inout RTPHeaderExtensionList, _ payload: Span<UInt8>,
    paddingCount: UInt8 = 0, probe: Int? = nil, in slot: Slot, at now: Instant,
    into outbox: Outbox
  ) {
    let sent = slot.viewer.link.send(
      header, extensions: &extensions, numberID: slot.extensionIDs.transportSequence,
      payload: payload, paddingCount: paddingCount,
      kind: slot.kind == .audio ? .audio : .video, probe: probe, at: now, into: outbox)
    guard sent else { return }
    if slot.isProtectable {
      protect(
        header, &extensions, payload, paddingCount: paddingCount, in: slot, at: now, into: outbox)
    }
    forwarded &+= 1
    slot.packetCount &+= 1
    slot.octetCount &+= UInt32(truncatingIfNeeded: payload.count)
  }

  /// The dependency descriptor that a packet had when it got its number.
  func appendDescriptor(
    of number: UInt16, in slot: Slot, to extensions: inout RTPHeaderExtensionList
  ) {
    let id = slot.extensionIDs.dependencyDescriptor
    guard id != 0, slot.layers.sentDescriptors.read(number, into: &descriptorBytes) else { return }
    let descriptor = descriptorBytes
    extensions.append(id: id, descriptor.span)
  }
}
