import Peer
import RTP
public import Wire

extension SelectiveForwarder {
  /// Takes one datagram that arrived from `path`. `offset` is where it lies in the bytes that `forward` will
  /// be given; it is decrypted in place and must stay there until then. False where it is from nobody in any room.
  @discardableResult
  public func receive(
    _ datagram: inout MutableSpan<UInt8>, at offset: Int, on path: Path, at now: Instant,
    into outbox: Outbox, events: inout [ForwarderEvent]
  ) -> Bool {
    guard let member = member(for: datagram.span, on: path) else {
      drops.unknownSender &+= 1
      return false
    }
    let received = member.remote.receive(
      &datagram, on: path, at: now, into: outbox, events: &peerEvents)
    if !peerEvents.isEmpty { handlePeerEvents(of: member, at: now, events: &events) }
    if case .rejected = received {} else { member.lastHeardAt = now }
    switch received {
    case .rtp(let packet, let byteCount):
      let isKnown = receiveRTP(
        packet, datagram.span.extracting(first: byteCount), at: offset, from: member, now)
      if isKnown {
        requestLostSound(packet.header.ssrc, from: member, now, into: outbox)
      } else {
        if receiveRepairPacket(packet, in: &datagram, at: offset, from: member, now) {
          member.received.noteRepair(byteCount: byteCount)
        } else {
          drops.unboundStream &+= 1
        }
      }
      wake(member, member.remote.feedbackDeadline)
    case .rtcp(let byteCount):
      receiveRTCP(datagram.span.extracting(first: byteCount), from: member, now, into: outbox)
    case .handshake:
      wake(member, member.remote.deadline)
    case .rejected:
      drops.rejected &+= 1
    }
    return true
  }

  /// By address where it is known; a connectivity check may come from a new one and is told by user name.
  private func member(for datagram: Span<UInt8>, on path: Path) -> Member? {
    if let fragment = RemotePeer.localUsernameFragment(ofCheck: datagram) {
      return memberByFragment[fragment]
    }
    return memberByPath[path]
  }

  func handlePeerEvents(of member: Member, at now: Instant, events: inout [ForwarderEvent]) {
    for event in peerEvents {
      switch event {
      case .pathValidated(let path):
        take(path, for: member)
      case .pathsClosed(let paths):
        for path in paths where memberByPath[path] === member { memberByPath[path] = nil }
      case .connected:
        member.isConnected = true
        member.unreachableSince = nil
        member.allocationIsDue(at: now)
        member.link.start(at: now)
        member.quality.connectedAt = member.quality.connectedAt ?? now
        for slot in member.slots where slot.kind == .video {
          slot.want(slot.wanted, at: now)
          slot.target?.wantKeyFrame()
        }
        events.append(.connected(member.id))
      case .interrupted:
        member.quality.interruptedAt = now
        events.append(.interrupted(member.id))
      case .failed:
        member.isConnected = false
        for slot in member.slots { slot.stop() }
        member.unreachableSince = now
        events.append(.failed(member.id))
      case .dataChannel:
        break
      }
    }
    peerEvents.removeAll(keepingCapacity: true)
    member.link.followPath(at: now)
    attend(to: member, at: now)
    wake(member, now)
  }

  /// An address from which somebody else's media is coming changes hands only once it has answered: a check alone
  /// may have a forged source.
  private func take(_ path: Path, for member: Member) {
    if let holder = memberByPath[path], holder !== member,
      holder.remote.selectedPath == path, member.remote.selectedPath != path
    {
      return
    }
    memberByPath[path] = member
  }

  /// What the redundancy of a voice's packet has not brought back will not come by itself: it is asked for at once.
  private func requestLostSound(
    _ ssrc: UInt32, from member: Member, _ now: Instant, into outbox: Outbox
  ) {
    guard let stream = member.streams[ssrc], stream.losses.missingCount > 0, stream.isRedundant
    else { return }
    requestLost(of: stream, from: member, at: now, into: outbox)
  }

  /// False where it belongs to no stream.
  private func receiveRTP(
    _ packet: RTPPacket, _ bytes: Span<UInt8>, at offset: Int, from member: Member, _ now: Instant
  ) -> Bool {
    let header = packet.header
    guard let stream = member.streams[header.ssrc] ?? bind(header, bytes, from: member, at: now)
    else {
      let isRepair = receiveRepair(packet, bytes, at: offset, from: member, now)
      if isRepair { member.received.noteRepair(byteCount: bytes.count) }
      return isRepair
    }
    member.received.note(stream.source.id.role.kind, byteCount: bytes.count)
    let newest = stream.unwrapper.newest ?? .min
    let index = stream.unwrapper.unwrap(header.sequenceNumber)
    let isAfterOutage = member.remote.outage.hasBegun(since: stream.lastPacketAt)
    stream.statistics.receive(header, isAfterOutage: isAfterOutage, at: now)
    let isAwaited = stream.losses.receive(index, isAfterOutage: isAfterOutage, at: now)
    if stream.losses.missingCount > 0 { wake(member, stream.losses.deadline) }
    let isBack = stream.note(packetAt: now) && stream.source.id.role.kind == .video
    if stream.repair.isActive { noteForRepair(header, bytes, of: stream, at: now) }
    if isBack {
      stream.source.layersChanged(at: now)
      wake(member, now)
    }
    // A picture's packet that was repeated or repaired already has its number at the viewers.
    guard isAwaited || stream.source.id.role.kind == .audio else { return true }
    accept(
      header, bytes, packet.payloadRange, index, isLate: index < newest, at: offset, of: stream,
      from: member, now)
    return true
  }

  /// Queues a packet for those who watch, whether it came the first time or as a retransmission.
  func accept(
    _ header: RTPHeader, _ packet: Span<UInt8>, _ payload: Range<Int>, _ index: Int64,
    isLate: Bool, at offset: Int, of stream: IncomingStream, from member: Member, _ now: Instant
  ) {
    let source = stream.source
    guard source.limit.takes(packet.count, at: now) else {
      drops.excess &+= 1
      return
    }
    guard source.id.role.kind == .video else {
      acceptSound(header, packet, payload, index, at: offset, of: stream, in: member.room, now)
      return
    }
    let codec = source.track.codecs[header.payloadType]
    var pending = IncomingStream.Pending(
      header: header, codec: codec ?? .init(.other), index: index,
      payload: payload.lowerBound + offset..<payload.upperBound + offset, isKeyFrameStart: false,
      isLate: isLate)
    if payload.isEmpty || codec == nil {
      pending.layer = .padding
    } else {
      if source.isLive, !isLate, stream.isNewFrame(header.timestamp) {
        source.gaps.note(isPrompt: stream.noteFrame(header.timestamp, at: now), at: now)
        if stream.layer == 0, source.noteTurn(at: now) { wake(member, now) }
      }
      inspect(&pending, packet, payload, stream, member.room, now)
    }
    queue(pending, of: stream)
  }

  /// Has a packet wait for `forward`, if anybody watches.
  func queue(_ packet: IncomingStream.Pending, of stream: IncomingStream) {
    guard stream.source.isLive, !stream.source.slots.isEmpty else { return }
    if stream.pending.isEmpty { waiting.append(stream) }
    stream.pending.append(packet)
  }

  /// Reads what forwarding must know of the payload and of the header extensions.
  func inspect(
    _ pending: inout IncomingStream.Pending, _ packet: Span<UInt8>, _ payload: Range<Int>,
    _ stream: IncomingStream, _ room: Room, _ now: Instant
  ) {
    let source = stream.source
    let ids = source.track.extensions
    if source.id.role.kind == .audio {
      pending.isKeyFrameStart = true
      guard let level = pending.header.extensionByte(id: ids.audioLevel, in: packet) else { return }
      pending.audioLevel = level
      if source.isLive, let voice = source.voice {
        room.speakers.note(
          level: level & 0x7f, timestamp: pending.header.timestamp,
          frameTicks: Int32(clamping: source.track.clockRate / 50), from: voice, at: now)
        wake(room.speakers.deadline)
      }
      return
    }
    pending.videoOrientation = pending.header.extensionByte(id: ids.videoOrientation, in: packet)
    let frame = FrameInspection(
      packet, payload: payload,
      descriptor: pending.header.extensionRange(id: ids.dependencyDescriptor, in: packet),
      codec: pending.codec, index: pending.index, timestamp: pending.header.timestamp, of: stream)
    pending.layer = frame.layer
    stream.meter.note(
      spatial: frame.layer.spatial, temporal: frame.layer.temporal, targets: frame.layer.targets,
      timestamp: pending.header.timestamp, byteCount: payload.count, at: now)
    if frame.isUnreadable, !pending.isLate {
      stream.leaveOutToNextKeyFrame()
      wake(stream.keyFrames.deadline)
    }
    guard let keyFrame = frame.keyFrame else { return }
    // What was left out between cannot be sent any more.
    if stream.lacksStructure, pending.isLate { return }
    stream.lacksStructure = false
    pending.isKeyFrameStart = true
    stream.satisfyKeyFrames()
    stream.lastKeyFrameAt = now
    if let height = keyFrame.height, height > 0 { stream.height = height }
  }

  /// A retransmission (RFC 4588 §4): the original with its number in front of the payload.
  private func receiveRepair(
    _ packet: RTPPacket, _ bytes: Span<UInt8>, at offset: Int, from member: Member, _ now: Instant
  ) -> Bool {
    guard let stream = member.repairs[packet.header.ssrc],
      let original = stream.source.track.retransmissions[packet.header.payloadType]
    else { return false }
    let payload = packet.payloadRange
    guard payload.count > 2 else { return true }
    let number = UInt16(bytes[payload.lowerBound]) << 8 | UInt16(bytes[payload.lowerBound + 1])
    let index = stream.unwrapper.index(of: number)
    guard stream.losses.recover(index) else { return true }
    var repaired = packet.header
    repaired.payloadType = original
    repaired.sequenceNumber = number
    repaired.ssrc = stream.ssrc
    accept(
      repaired, bytes, payload.lowerBound + 2..<payload.upperBound, index,
      isLate: index < stream.unwrapper.newest ?? .min, at: offset, of: stream, from: member, now)
    return true
  }
}

extension RTPHeader {
  /// The first byte of the extension element with `id`; nil where there is none, or `id` is 0.
  fileprivate func extensionByte(id: UInt8, in packet: Span<UInt8>) -> UInt8? {
    guard id != 0, let range = extensionRange(id: id, in: packet), !range.isEmpty else {
      return nil
    }
    return packet[range.lowerBound]
  }
}
