import Peer
import RTP
public import Wire

extension SelectiveForwarder {
  /// Takes one datagram that arrived from `path`. `offset` is where it lies in the bytes that `forward` will
  /// be given; it is decrypted in place and must stay there until then.
  public func receive(
    _ datagram: inout MutableSpan<UInt8>, at offset: Int, on path: Path, at now: Instant,
    into outbox: Outbox, events: inout [ForwarderEvent]
  ) {
    guard let member = member(for: datagram.span, on: path) else {
      drops.unknownSender &+= 1
      return
    }
    let received = member.remote.receive(
      &datagram, on: path, at: now, into: outbox, events: &peerEvents)
    if !peerEvents.isEmpty { handlePeerEvents(of: member, at: now, events: &events) }
    switch received {
    case .rtp(let packet, let byteCount):
      let bytes = datagram.span.extracting(first: byteCount)
      receiveRTP(packet, bytes, at: offset, from: member, now)
      wake(member.remote.feedbackDeadline)
    case .rtcp(let byteCount):
      receiveRTCP(datagram.span.extracting(first: byteCount), from: member, now)
    case .handshake:
      if let due = member.remote.deadline, due < nextScan ?? .zero { nextScan = due }
    case .rejected:
      drops.rejected &+= 1
    }
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
        for slot in member.slots {
          slot.retarget(at: now)
          slot.target?.keyFrames.want()
        }
        events.append(.connected(member.id))
      case .interrupted:
        events.append(.interrupted(member.id))
      case .failed:
        member.isConnected = false
        events.append(.failed(member.id))
      }
    }
    peerEvents.removeAll(keepingCapacity: true)
    nextScan = now
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

  private func receiveRTP(
    _ packet: RTPPacket, _ bytes: Span<UInt8>, at offset: Int, from member: Member, _ now: Instant
  ) {
    let header = packet.header
    guard let stream = member.streams[header.ssrc] ?? bind(header, bytes, from: member, at: now)
    else {
      if !receiveRepair(packet, bytes, at: offset, from: member, now) {
        drops.unboundStream &+= 1
      }
      return
    }
    let index = stream.unwrapper.unwrap(header.sequenceNumber)
    stream.statistics.receive(header, at: now)
    stream.losses.receive(index, at: now)
    if stream.losses.missingCount > 0 { wake(stream.losses.deadline) }
    stream.lastPacketAt = now
    accept(header, bytes, packet.payloadRange, index, at: offset, of: stream, from: member, now)
  }

  /// Queues a packet for those who watch, whether it came the first time or as a retransmission.
  private func accept(
    _ header: RTPHeader, _ packet: Span<UInt8>, _ payload: Range<Int>, _ index: Int64,
    at offset: Int, of stream: IncomingStream, from member: Member, _ now: Instant
  ) {
    let source = stream.source
    guard !payload.isEmpty, let codec = source.track.codecs[header.payloadType] else {
      stream.compactor.drop(index)
      return
    }
    var pending = IncomingStream.Pending(
      header: header, codec: codec, index: stream.compactor.compacted(index),
      payload: payload.lowerBound + offset..<payload.upperBound + offset, isKeyFrameStart: false)
    inspect(&pending, packet, payload, stream, member.room, now)
    guard source.isLive, !source.slots.isEmpty else { return }
    if stream.pending.isEmpty { waiting.append(stream) }
    stream.pending.append(pending)
  }

  /// Reads what forwarding must know of the payload and of the header extensions.
  private func inspect(
    _ pending: inout IncomingStream.Pending, _ packet: Span<UInt8>, _ payload: Range<Int>,
    _ stream: IncomingStream, _ room: Room, _ now: Instant
  ) {
    let source = stream.source
    let ids = source.track.extensions
    if source.id.role.kind == .audio {
      pending.isKeyFrameStart = true
      guard let level = pending.header.extensionByte(id: ids.audioLevel, in: packet) else { return }
      pending.audioLevel = level
      if source.isLive, source.id.role == .microphone {
        room.speakers.note(level: level & 0x7f, from: source.id.peer, at: now)
      }
      return
    }
    pending.videoOrientation = pending.header.extensionByte(id: ids.videoOrientation, in: packet)
    let frame = FrameInspection(packet.extracting(payload), codec: pending.codec)
    pending.numbers = frame.numbers
    guard let keyFrame = frame.keyFrame else { return }
    pending.isKeyFrameStart = true
    stream.keyFrames.satisfy()
    if let height = keyFrame.height { stream.height = height }
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
      repaired, bytes, payload.lowerBound + 2..<payload.upperBound, index, at: offset, of: stream,
      from: member, now)
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
