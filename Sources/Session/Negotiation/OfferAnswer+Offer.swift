import ICE
import SDP

extension OfferAnswer {
  /// RFC 8829 §5.2. Numbers and credentials that it thinks of are kept for the next offer.
  mutating func createOffer(_ options: OfferOptions) throws(SessionError) -> CreatedOffer {
    guard state == .stable || state == .haveLocalOffer else {
      throw .invalidState(state, "createOffer")
    }
    var offered = lines
    placeTransceivers(in: &offered)
    placeData(in: &offered)
    guard offered.count <= 256 else { throw .limitReached("m-sections") }
    let isRestart =
      current != nil
      && (options.restartsICE || ufragsToReplace.contains(credentials.usernameFragment))
    let used = isRestart ? replacement() : credentials
    let sections = offered.indices.map { section(at: $0, of: offered) }
    for (place, section) in sections.enumerated() { offered[place].mid = section.mid }
    let builder = OfferBuilder(
      local: transport(used), policy: terms.policy, sections: sections,
      sessionID: terms.sessionID, sessionVersion: nextVersion())
    let created = CreatedOffer(
      text: builder.offer().description, builder: builder, lines: offered, base: lines,
      credentials: used)
    createdOffer = created
    return created
  }

  /// Credentials of the next generation.
  mutating func replacement() -> ICECredentials {
    if let nextCredentials { return nextCredentials }
    let fresh = ICECredentials.random(using: &random)
    nextCredentials = fresh
    return fresh
  }

  /// Where a new m-section goes: in the place of one that both sides have given up (RFC 8829 §5.2.2).
  private mutating func place(
    _ kind: MediaSection.Kind, _ owner: Line.Owner, in offered: inout [Line]
  ) {
    let line = Line(mid: newMid(besides: offered), kind: kind, owner: owner)
    if let free = offered.firstIndex(where: { $0.isRecyclable && $0.owner == .nobody }) {
      offered[free] = line
    } else {
      offered.append(line)
    }
  }

  private mutating func placeTransceivers(in offered: inout [Line]) {
    for one in transceivers where !one.isStopping && !one.isStopped {
      let owner = Line.Owner.transceiver(one.id)
      guard !offered.contains(where: { $0.owner == owner }) else { continue }
      place(one.kind.section, owner, in: &offered)
    }
  }

  private mutating func placeData(in offered: inout [Line]) {
    guard wantsData, terms.policy.data != nil, !offered.contains(where: { $0.owner == .data })
    else { return }
    place(.application, .data, in: &offered)
  }

  private mutating func section(at place: Int, of offered: [Line]) -> OfferBuilder.Section {
    let line = offered[place]
    let isBundled = current.map { agreed in
      agreed.session.sections.indices.contains(place)
        && !agreed.session.sections[place].isRejected && lines.indices.contains(place)
        && lines[place].mid == line.mid
    }
    // A tag that stands for a missing one cannot be written.
    let mid = line.mid.utf8.first == 0x28 ? newMid(besides: offered) : line.mid
    var section = OfferBuilder.Section(
      mid: mid, kind: line.kind, direction: .inactive, isBundled: isBundled ?? false)
    let owner: Int?
    switch line.owner {
    case .data: return section
    case .nobody: owner = nil
    case .transceiver(let id): owner = index(of: id)
    }
    guard let owner, !transceivers[owner].isStopping, !transceivers[owner].isStopped else {
      section.isStopped = true
      let known = terms.policy.codecs(for: line.kind).prefix(1)
      if line.kind != .application {
        section.payloads = numbers.codecs(Array(known), withRTX: false)
      }
      return section
    }
    describe(transceivers[owner], in: &section)
    return section
  }

  private mutating func describe(_ one: Transceiver, in section: inout OfferBuilder.Section) {
    section.direction = one.direction
    let wanted = one.codecPreferences ?? terms.policy.codecs(for: section.kind)
    section.payloads = numbers.codecs(
      wanted, withRTX: one.kind == .video && terms.policy.usesRetransmission)
    section.extensions = numbers.headerExtensions(
      terms.policy.headerExtensions.filter { Self.isExtension($0, for: one.kind) })
    guard one.direction.sends else { return }
    section.track = localTrack(of: one)
    if one.sender.encodings.count > 1 { section.rids = one.sender.encodings.map(\.rid) }
  }

  /// What is written of a sender (RFC 8829 §5.2.1): its name stands for the track, whichever it is.
  func localTrack(of one: Transceiver) -> LocalTrack {
    let first = one.sender.encodings.first
    return LocalTrack(
      ssrc: first?.ssrc ?? 0, rtxSSRC: one.kind == .video ? first?.rtxSSRC : nil,
      cname: terms.cname, streamID: one.sender.streamIDs.first ?? "-",
      trackID: one.sender.msidTrackID, otherStreamIDs: Array(one.sender.streamIDs.dropFirst()))
  }

  private static func isExtension(_ uri: String, for kind: TrackKind) -> Bool {
    switch uri {
    case HeaderExtension.mid, HeaderExtension.transportWideCC, HeaderExtension.absoluteSendTime,
      HeaderExtension.transmissionOffset:
      true
    case HeaderExtension.audioLevel, HeaderExtension.mixedAudioLevel: kind == .audio
    default: kind == .video
    }
  }
}
