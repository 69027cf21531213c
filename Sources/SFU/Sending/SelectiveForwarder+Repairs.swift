import BWE
import Peer
import RTP
import Wire

/// Packets sent again (RFC 4588), and packets sent only to be counted.
extension SelectiveForwarder {
  /// As much padding as one packet has.
  private static let fullPadding: UInt8 = 255
  /// A repetition no further back makes better padding than nothing.
  private static let paddingReach: UInt16 = 64
  /// What is still asked for after so long, and after so many round trips, holds the picture up. Browsers ask for a packet
  /// ten times, and for a key frame after three seconds.
  private static let leastStandstill = Duration.milliseconds(150)
  private static let standstillRounds: Int64 = 6
  /// No payload is longer.
  private static let payloadLimit = 2048

  /// Answers a request for lost packets, as far as they are still there and the viewer's share allows.
  func repeatPackets(
    _ request: GenericNACK, to viewer: Member, at now: Instant, into outbox: Outbox
  ) {
    guard let slot = viewer.slot(request.mediaSSRC) else { return }
    if slot.kind == .audio, !slot.isRepeatable {
      repeatSound(request, in: slot, at: now, into: outbox)
      return
    }
    // Who tells of losses is sent less, and more of that again.
    slot.ledger.setLoss(viewer.link.ownLossRate)
    for item in request.items {
      repeatPacket(item.packetID, in: slot, at: now, into: outbox)
      guard item.followingLost != 0 else { continue }
      for bit in 0..<16 as Range<UInt16> where item.followingLost & 1 << bit != 0 {
        repeatPacket(item.packetID &+ bit &+ 1, in: slot, at: now, into: outbox)
      }
    }
    attend(to: viewer, at: now)
  }

  private func repeatPacket(
    _ number: UInt16, in slot: Slot, at now: Instant, into outbox: Outbox
  ) {
    let link = slot.viewer.link
    link.counters.requestedPacketCount &+= 1
    guard !link.isNarrowed(at: now) || isWorthRoom(number, in: slot, at: now),
      slot.plan.retransmissionSSRC != nil,
      // Whoever lost a repetition asks again after about a round trip, and is not to be taken for impatient.
      let packet = slot.ledger.take(number, at: now, roundTrip: link.roundTrip * 3 / 4)
    else { return }
    let count = ViewerLink.wireByteCount(payload: cachedByteCount(packet, in: slot, at: now))
    guard link.isLimited, !link.pacer.passes(byteCount: count, at: now) else {
      _ = resend(number, in: slot, as: .retransmission, at: now, into: outbox)
      return
    }
    _ = link.enqueue(
      .init(ssrc: slot.ssrc, sequenceNumber: number, isRepeat: true), byteCount: count,
      at: now)
  }

  /// Whether a packet is worth repeating where there is hardly room: not where a key frame has begun since. One that is asked
  /// for so long after it was sent holds the picture up: repetitions were lost as well.
  private func isWorthRoom(_ number: UInt16, in slot: Slot, at now: Instant) -> Bool {
    guard let age = slot.ledger.age(of: number, at: now) else { return false }
    let limit = max(Self.leastStandstill, slot.viewer.link.roundTrip * Self.standstillRounds)
    if slot.kind == .video, age >= limit, !slot.standsStill {
      slot.standsStill = true
      slot.endStandstill(at: now)
    }
    return true
  }

  /// Sends what a number stood for once more, on the SSRC of repetitions. Bytes sent, or nil where it is gone.
  func resend(
    _ number: UInt16, in slot: Slot, as kind: ViewerLink.PacketKind, probe: Int? = nil,
    at now: Instant, into outbox: Outbox
  ) -> Int? {
    var payload = takeScratch()
    defer { scratch = payload }
    guard let ssrc = slot.plan.retransmissionSSRC,
      let recalled = recall(number, in: slot, isRepeat: true, at: now, into: &payload),
      let payloadType = slot.plan.retransmissionTypes[recalled.payloadType]
    else { return nil }
    slot.sending.repeatNumber &+= 1
    let header = RTPHeader(
      payloadType: payloadType, sequenceNumber: slot.sending.repeatNumber,
      timestamp: recalled.timestamp, ssrc: ssrc, marker: recalled.marker)
    var extensions = takeExtensions()
    defer { self.extensions = extensions }
    slot.fill(
      &extensions, audioLevel: recalled.audioLevel, videoOrientation: recalled.videoOrientation)
    if recalled.hasDescriptor { appendDescriptor(of: number, in: slot, to: &extensions) }
    // Without it Firefox drops repetitions until it has reported on their source.
    if slot.sending.isKnown, !slot.sending.isRepeatKnown { slot.appendMid(to: &extensions) }
    let isSent = slot.viewer.link.send(
      header, extensions: &extensions, numberID: slot.extensionIDs.transportSequence,
      payload: payload.span, kind: kind, probe: probe, at: now, into: outbox)
    return isSent ? ViewerLink.wireByteCount(payload: payload.count) : nil
  }

  /// Sends a packet whose turn has come. False where it is gone.
  func sendQueued(
    _ number: UInt16, in slot: Slot, probe: Int?, at now: Instant, into outbox: Outbox
  ) -> Bool {
    var payload = takeScratch()
    defer { scratch = payload }
    guard let recalled = recall(number, in: slot, isRepeat: false, at: now, into: &payload) else {
      return false
    }
    let header = RTPHeader(
      payloadType: recalled.payloadType, sequenceNumber: number, timestamp: recalled.timestamp,
      ssrc: slot.ssrc, marker: recalled.marker)
    var extensions = takeExtensions()
    defer { self.extensions = extensions }
    slot.fill(
      &extensions, audioLevel: recalled.audioLevel, videoOrientation: recalled.videoOrientation)
    if recalled.hasDescriptor { appendDescriptor(of: number, in: slot, to: &extensions) }
    transmit(header, &extensions, payload.span, probe: probe, in: slot, at: now, into: outbox)
    return true
  }

  /// About `byteCount` bytes for a probe: what was sent last, once more, since some of it may have been lost; else
  /// nothing but padding.
  func sendPadding(
    _ byteCount: Int, to viewer: Member, probe: Int?, at now: Instant, into outbox: Outbox
  ) {
    let slots = viewer.slots.filter {
      $0.kind == .video && $0.isRepeatable
    }
    var left = byteCount
    for slot in slots where slot.current != nil {
      while left > 0, let newest = slot.sending.newest,
        slot.sending.paddingDistance < Self.paddingReach
      {
        let number = newest &- slot.sending.paddingDistance
        slot.sending.paddingDistance += 1
        left -= resend(number, in: slot, as: .padding, probe: probe, at: now, into: outbox) ?? 0
      }
    }
    guard let slot = slots.first, let ssrc = slot.plan.retransmissionSSRC,
      let payloadType = slot.plan.retransmissionTypes.values.min()
    else { return }
    var extensions = takeExtensions()
    defer { self.extensions = extensions }
    while left > 0 {
      slot.sending.repeatNumber &+= 1
      let header = RTPHeader(
        payloadType: payloadType, sequenceNumber: slot.sending.repeatNumber, timestamp: 0,
        ssrc: ssrc)
      extensions.removeAll()
      if !slot.sending.isRepeatKnown { slot.appendMid(to: &extensions) }
      slot.viewer.link.send(
        header, extensions: &extensions, numberID: slot.extensionIDs.transportSequence,
        payload: [UInt8]().span, paddingCount: Self.fullPadding, kind: .padding, probe: probe,
        at: now, into: outbox)
      left -= ViewerLink.wireByteCount(payload: Int(Self.fullPadding))
    }
  }

  private func cachedByteCount(
    _ packet: RepairLedger.Packet, in slot: Slot, at now: Instant
  ) -> Int {
    slot.source?.streams.first { $0.ssrc == packet.input }?
      .cache.byteCount(at: packet.index, now: now) ?? 0
  }

  /// A packet out of memory, as the viewer got it or is to get it.
  private struct Recalled {
    var payloadType: UInt8
    var timestamp: UInt32
    var marker: Bool
    var audioLevel: UInt8?
    var videoOrientation: UInt8?
    var hasDescriptor: Bool
  }

  /// Memory for a packet; its taker puts it back.
  func takeScratch() -> [UInt8] {
    let taken = scratch
    scratch = []
    return taken
  }

  /// Puts the payload of a packet into `payload`, behind its number where it is a repetition.
  private func recall(
    _ number: UInt16, in slot: Slot, isRepeat: Bool, at now: Instant, into payload: inout [UInt8]
  ) -> Recalled? {
    guard let packet = slot.ledger.packet(number, at: now),
      let source = slot.source, source.isLive,
      let stream = source.streams.first(where: { $0.ssrc == packet.input }),
      let cached = stream.cache.packet(at: packet.index, now: now),
      let codec = stream.source.track.codecs[cached.payloadType],
      let payloadType = slot.payloadType(for: codec)
    else { return nil }
    payload.removeAll(keepingCapacity: true)
    var isThere = false
    payload.append(addingCapacity: Self.payloadLimit) { output in
      if isRepeat { output.append(bigEndian: number) }
      isThere = stream.cache.appendPayload(at: packet.index, now: now, to: &output)
    }
    guard isThere else { return nil }
    let start = isRepeat ? 2 : 0
    if packet.pictureID != nil || packet.baseLayerIndex != nil {
      let frame = FrameInspection(
        again: payload.span.extracting(start...), codec: codec, index: packet.index, of: stream)
      let verdict = LayerVerdict(
        sequenceNumber: number, timestamp: packet.timestamp, marker: packet.marker,
        pictureID: packet.pictureID, baseLayerIndex: packet.baseLayerIndex)
      var bytes = payload.mutableSpan
      frame.layer.write(verdict, in: &bytes, payloadStart: start)
    }
    return Recalled(
      payloadType: payloadType, timestamp: packet.timestamp, marker: packet.marker,
      audioLevel: cached.audioLevel, videoOrientation: cached.videoOrientation,
      hasDescriptor: packet.hasDescriptor)
  }
}
