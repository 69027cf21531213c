import RTP
import Wire

extension SelectiveForwarder {
  /// Finds out which negotiated track a new SSRC belongs to: as signalled, by the mid and rid beside the packet
  /// (RFC 8843 §9.2, RFC 8852), or by its payload type where only one track has that.
  func bind(_ header: RTPHeader, _ packet: Span<UInt8>, from member: Member) -> IncomingStream? {
    guard member.streamList.count + member.repairs.count < Member.streamLimit else { return nil }
    if bindSignalledRepair(header.ssrc, of: member) { return nil }
    if let source = member.sources.first(where: { $0.track.ssrcs.contains(header.ssrc) }) {
      let layer = source.track.ssrcs.firstIndex(of: header.ssrc) ?? 0
      return add(header.ssrc, layer: min(layer, source.layerCount - 1), to: source, of: member)
    }
    guard let source = sourceByExtensionOrType(header, packet, of: member) else { return nil }
    let ids = source.track.extensions
    if let rid = text(ids.repairedRid, header, packet),
      let layer = source.track.rids.firstIndex(of: rid)
    {
      if let stream = source.streams.first(where: { $0.layer == layer }) {
        member.repairs[header.ssrc] = stream
      }
      return nil
    }
    guard source.track.codecs[header.payloadType] != nil else {
      if source.track.rids.isEmpty, source.track.retransmissions[header.payloadType] != nil,
        let stream = source.streams.first
      {
        member.repairs[header.ssrc] = stream
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
      if let stream = member.streams[media] { member.repairs[ssrc] = stream }
      return true
    }
    return false
  }

  private func sourceByExtensionOrType(
    _ header: RTPHeader, _ packet: Span<UInt8>, of member: Member
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
    return matching.count == 1 ? matching.first : nil
  }

  /// Replaces an earlier stream of the same layer: senders change SSRCs when they restart.
  private func add(
    _ ssrc: UInt32, layer: Int, to source: Source, of member: Member
  ) -> IncomingStream {
    if let old = source.streams.first(where: { $0.layer == layer }) {
      source.streams.removeAll { $0 === old }
      member.streams[old.ssrc] = nil
      member.streamList.removeAll { $0 === old }
      member.repairs = member.repairs.filter { $0.value !== old }
      for slot in source.slots where slot.current === old || slot.target === old { slot.stop() }
    }
    let stream = IncomingStream(ssrc: ssrc, layer: layer, source: source)
    source.streams.append(stream)
    member.streams[ssrc] = stream
    member.streamList.append(stream)
    if source.id.role.kind == .video { stream.keyFrames.want() }
    return stream
  }

  private func text(_ id: UInt8, _ header: RTPHeader, _ packet: Span<UInt8>) -> String? {
    id == 0 ? nil : header.extensionText(id: id, in: packet)
  }
}
