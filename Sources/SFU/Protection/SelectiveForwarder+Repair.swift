import RTP
import Wire

extension SelectiveForwarder {
  /// Takes a packet that may be a repair packet of somebody's stream. What it brings back has gone the way of a
  /// retransmission, and lies where the repair packet lay: that is always longer. False where it is none.
  func receiveRepairPacket(
    _ packet: RTPPacket, in datagram: inout MutableSpan<UInt8>, at offset: Int,
    from member: Member, _ now: Instant
  ) -> Bool {
    guard let stream = repairedStream(packet.header, datagram.span, of: member) else {
      return false
    }
    let count = datagram.count
    guard let bytes = recovered(by: packet, datagram.span, of: stream, at: now),
      bytes.count <= count, let recovered = try? RTPPacket(parsing: bytes.span)
    else { return true }
    let index = stream.unwrapper.index(of: recovered.header.sequenceNumber)
    guard stream.losses.recover(index) else { return true }
    for place in bytes.indices { datagram[place] = bytes[place] }
    stream.repairedCount &+= 1
    accept(
      recovered.header, datagram.span, recovered.payloadRange, index, isLate: true, at: offset,
      of: stream, from: member, now)
    return true
  }

  private func recovered(
    by packet: RTPPacket, _ bytes: Span<UInt8>, of stream: IncomingStream, at now: Instant
  ) -> [UInt8]? {
    stream.repair.take(bytes.extracting(packet.payloadRange), at: now)
  }

  /// As signalled, or by the payload type beside the mid where there is one stream only.
  private func repairedStream(
    _ header: RTPHeader, _ packet: Span<UInt8>, of member: Member
  ) -> IncomingStream? {
    for source in member.sources
    where source.track.protection.repairPayloadType == header.payloadType {
      if let media = source.track.protection.repairSSRCs[header.ssrc] {
        return source.streams.first { $0.ssrc == media }
      }
      guard source.streams.count == 1 else { continue }
      let mid = header.extensionText(id: source.track.extensions.mid, in: packet)
      if mid == source.track.mid { return source.streams.first }
    }
    return nil
  }

  /// Remembers a packet for the case that a neighbour of it is lost.
  func noteForRepair(
    _ header: RTPHeader, _ packet: Span<UInt8>, of stream: IncomingStream, at now: Instant
  ) {
    let id = stream.source.track.extensions.transportSequence
    let volatile = id == 0 ? nil : header.extensionRange(id: id, in: packet)
    stream.repair.note(packet, volatile: volatile ?? 0..<0, at: now)
  }
}

extension SelectiveForwarder {
  /// Takes what was just sent into the repair packets of its slot, and sends those that are due. `extensions` are still
  /// those of the packet.
  func protect(
    _ header: RTPHeader, _ extensions: inout RTPHeaderExtensionList, _ payload: Span<UInt8>,
    paddingCount: UInt8, in slot: Slot, at now: Instant, into outbox: Outbox
  ) {
    let share = slot.viewer.protection.repairShare
    guard share > 0, let stream = slot.plan.protection.repair else {
      slot.repair?.reset()
      return
    }
    let numberID = slot.extensionIDs.transportSequence
    if numberID != 0 { extensions.setLast(0, byteCount: 2) }
    var header = header
    header.hasPadding = paddingCount > 0
    protectedHead.removeAll(keepingCapacity: true)
    protectedHead.append(addingCapacity: RTPHeader.fixedByteCount + extensions.byteCount) {
      header.write(extensions: extensions, into: &$0)
    }
    var repair =
      slot.repair
      ?? SlotRepair(
        ssrc: slot.ssrc, firstSequenceNumber: .random(in: 0...0x7fff, using: &random))
    slot.repair = nil
    let head = protectedHead
    repair.add(
      header, head: head.span, payload: payload, paddingCount: paddingCount, share: share)
    while let payload = repair.take() {
      extensions.removeAll()
      slot.viewer.link.send(
        RTPHeader(
          payloadType: stream.payloadType, sequenceNumber: repair.sequenceNumber,
          timestamp: header.timestamp, ssrc: stream.ssrc),
        extensions: &extensions, numberID: numberID, payload: payload.span, kind: .protection,
        at: now, into: outbox)
    }
    slot.repair = repair
  }
}
