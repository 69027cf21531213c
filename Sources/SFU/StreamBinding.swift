import RTP
import Wire

extension SelectiveForwarder {
  /// Finds out which negotiated track a new SSRC belongs to: as signalled, by the mid and rid beside the packet
  /// (RFC 8843 §9.2, RFC 8852), or by its payload type where only one track has that.
  func bind(
    _ header: RTPHeader, _ packet: Span<UInt8>, from member: Member, at now: Instant
  ) -> IncomingStream? {
    let types = member.repairs[header.ssrc]?.source.track.retransmissions
    guard types?[header.payloadType] == nil,
      member.streamList.count + member.repairs.count < Member.streamLimit
    else { return nil }
    if bindSignalledRepair(header.ssrc, of: member) { return nil }
    if let source = member.sources.first(where: { $0.track.ssrcs.contains(header.ssrc) }) {
      let layer = min(source.track.ssrcs.firstIndex(of: header.ssrc) ?? 0, source.layerCount - 1)
      // Of several without a name the one that flows is shown: they do not replace each other in turn.
      let isTaken = source.streams.contains {
        $0.layer == layer && $0.isActive(at: now) && source.track.ssrcs.contains($0.ssrc)
      }
      return isTaken ? nil : add(header.ssrc, layer: layer, to: source, of: member)
    }
    guard let source = sourceByExtensionOrType(header, packet, of: member, at: now)
    else { return nil }
    let ids = source.track.extensions
    if let rid = text(ids.repairedRID, header, packet),
      let layer = source.track.rids.firstIndex(of: rid)
    {
      if let stream = source.streams.first(where: { $0.layer == layer }) {
        repair(stream, by: header.ssrc, of: member)
      }
      return nil
    }
    guard source.track.codecs[header.payloadType] != nil else {
      if source.track.rids.isEmpty, source.track.retransmissions[header.payloadType] != nil,
        let stream = source.streams.first
      {
        repair(stream, by: header.ssrc, of: member)
      }
      return nil
    }
    guard !source.track.rids.isEmpty else {
      return add(header.ssrc, layer: 0, to: source, of: member)
    }
    guard let rid = text(ids.rid, header, packet), let layer = source.track.rids.firstIndex(of: rid)
    else { return nil }
    return add(header.ssrc, layer: layer, to: source, of: member)
  }

  private func bindSignalledRepair(_ ssrc: UInt32, of member: Member) -> Bool {
    for source in member.sources {
      guard let media = source.track.retransmissionSSRCs[ssrc] else { continue }
      if let stream = member.streams[media] { repair(stream, by: ssrc, of: member) }
      return true
    }
    return false
  }

  private func sourceByExtensionOrType(
    _ header: RTPHeader, _ packet: Span<UInt8>, of member: Member, at now: Instant
  ) -> Source? {
    for source in member.sources {
      if let mid = text(source.track.extensions.mid, header, packet) {
        return member.sources.first { $0.track.mid == mid }
      }
    }
    let matching = member.sources.filter {
      $0.track.codecs[header.payloadType] != nil
        || $0.track.retransmissions[header.payloadType] != nil
    }
    guard matching.count == 1, let source = matching.first else { return nil }
    // Nothing but its type speaks for such a stream: it does not replace one that flows.
    let isMedia = source.track.codecs[header.payloadType] != nil
    return isMedia && source.streams.contains { $0.isActive(at: now) } ? nil : source
  }

  /// One retransmission stream belongs to each stream; the last one seen counts (RFC 4588 §5.3).
  private func repair(_ stream: IncomingStream, by ssrc: UInt32, of member: Member) {
    guard member.repairs[ssrc] !== stream else { return }
    member.repairs = member.repairs.filter { $0.value !== stream }
    member.repairs[ssrc] = stream
  }

  /// Replaces an earlier stream of the same layer: senders change SSRCs when they restart.
  private func add(
    _ ssrc: UInt32, layer: Int, to source: Source, of member: Member
  ) -> IncomingStream {
    if let old = source.streams.first(where: { $0.layer == layer }) { member.unbind(old) }
    let stream = IncomingStream(ssrc: ssrc, layer: layer, source: source)
    source.streams.append(stream)
    member.streams[ssrc] = stream
    member.streamList.append(stream)
    if source.id.role.kind == .video { stream.wantKeyFrame() }
    return stream
  }

  private func text(_ id: UInt8, _ header: RTPHeader, _ packet: Span<UInt8>) -> String? {
    id == 0 ? nil : header.extensionText(id: id, in: packet)
  }
}
