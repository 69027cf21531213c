import SDP

extension OfferAnswer {
  /// RFC 8829 §5.10.
  mutating func setRemote(_ description: SessionDescriptionText) throws(SessionError) {
    switch description.kind {
    case .rollback: try rollBack()
    case .offer: try setRemoteOffer(description.sdp)
    case .answer, .provisionalAnswer:
      try setRemoteAnswer(description.sdp, description.kind)
    }
  }

  private func read(_ text: String) throws(SessionError) -> SessionDescription {
    do throws(SDPError) {
      return try SessionDescription(parsing: text)
    } catch {
      throw .description(error)
    }
  }

  private mutating func setRemoteOffer(_ text: String) throws(SessionError) {
    // Perfect negotiation: who takes an offer in the middle of one takes back the own.
    if state == .haveLocalOffer { try takeBack() }
    guard state == .stable || state == .haveRemoteOffer else {
      throw .invalidState(state, "setRemoteDescription(offer)")
    }
    let offer = try read(text)
    keepStable()
    let base = stable?.lines ?? lines
    lines = offer.mediaSections.enumerated().map { place, section in
      line(for: section, at: place, base: base)
    }
    // A section that writes no tag goes on under its old one, which another may not take.
    if let twice = Self.firstRepeated(lines.map(\.mid)) {
      throw .description(SDPError(.duplicateMid(twice)))
    }
    numbers.avoid(offer)
    releaseUnplaced()
    for place in offer.mediaSections.indices { associate(place, of: offer) }
    // What cannot be answered is refused here, while the state is as before.
    _ = try answer(to: offer)
    createdOffer = nil
    createdAnswer = nil
    if isControlling == nil || current == nil { isControlling = offer.isICELite }
    pendingRemote = Description(kind: .offer, sdp: offer)
    set(.haveRemoteOffer)
    for place in lines.indices {
      noteTracks(at: place, in: offer, areSent: offer.direction(ofSectionAt: place).sends)
    }
  }

  /// The line a remote section continues, or a new one.
  private func line(for section: MediaSection, at place: Int, base: [Line]) -> Line {
    if lines.indices.contains(place), lines[place].owner != .nobody,
      lines[place].kind == section.kind,
      section.mid == nil || lines[place].mid == section.mid
    {
      return lines[place]
    }
    if base.indices.contains(place), base[place].owner != .nobody { return base[place] }
    return Line(mid: section.tag(at: place), kind: section.kind, owner: .nobody)
  }

  private static func firstRepeated(_ mids: [String]) -> String? {
    var seen: Set<String> = []
    return mids.first { !seen.insert($0).inserted }
  }

  /// Sets free what an offer had that this one takes the place of.
  private mutating func releaseUnplaced() {
    let placed = Set(lines.map(\.owner))
    for index in transceivers.indices.reversed() where transceivers[index].mid != nil {
      let one = transceivers[index]
      guard !placed.contains(.transceiver(one.id)) else { continue }
      transceivers[index].mid = nil
      guard one.isMadeByRemote else { continue }
      stopForGood(at: index)
      transceivers.remove(at: index)
    }
  }

  /// Finds or makes the transceiver of an offered section (RFC 8829 §5.10).
  private mutating func associate(_ place: Int, of offer: SessionDescription) {
    let section = offer.mediaSections[place]
    guard lines[place].owner == .nobody, !section.isRejected else { return }
    if section.isData {
      let isFirst = !lines.contains { $0.owner == .data }
      if isFirst, terms.policy.data != nil { lines[place].owner = .data }
      return
    }
    guard let kind = TrackKind(section.kind), section.isRTP else { return }
    let direction = offer.direction(ofSectionAt: place)
    var owner = transceivers.firstIndex {
      direction.receives && $0.isMadeByAddTrack && $0.kind == kind && $0.mid == nil
        && !$0.isStopping
    }
    if owner == nil {
      var made = newTransceiver(kind, direction: .recvonly, track: nil)
      made.isMadeByRemote = true
      transceivers.append(made)
      owner = transceivers.count - 1
    }
    guard let owner else { return }
    transceivers[owner].mid = lines[place].mid
    lines[place].owner = .transceiver(transceivers[owner].id)
    proposeLayers(section, to: owner)
  }

  /// Layers that the other side asks for (W3C WebRTC §4.4.1.5, "proposed send encodings").
  private mutating func proposeLayers(_ section: MediaSection, to owner: Int) {
    let wanted = (section.simulcast?.receive ?? []).prefix(8).compactMap(\.first?.rid)
    guard wanted.count > 1, transceivers[owner].sender.encodings.count == 1,
      transceivers[owner].kind == .video
    else { return }
    var encodings = wanted.map { SendEncoding(rid: $0) }
    for index in encodings.indices { giveSources(to: &encodings[index]) }
    encodings[0].ssrc = transceivers[owner].sender.encodings[0].ssrc
    encodings[0].rtxSSRC = transceivers[owner].sender.encodings[0].rtxSSRC
    transceivers[owner].sender.encodings = encodings
  }

  private mutating func setRemoteAnswer(
    _ text: String, _ kind: SessionDescriptionText.Kind
  ) throws(SessionError) {
    guard state == .haveLocalOffer || state == .haveRemoteProvisionalAnswer, let openOffer else {
      throw .invalidState(state, "setRemoteDescription(\(kind.rawValue))")
    }
    let answer = try read(text)
    let session: NegotiatedSession
    do throws(SDPError) {
      session = try openOffer.builder.negotiate(answer: answer)
    } catch {
      throw .description(error)
    }
    numbers.avoid(answer)
    pendingRemote = Description(kind: kind, sdp: answer)
    let agreed = Agreement(session: session, credentials: openOffer.credentials)
    let owners = lines
    if kind == .answer {
      conclude(agreed)
    } else {
      provisional = agreed
      take(session)
      set(.haveRemoteProvisionalAnswer)
    }
    for section in session.sections where owners.indices.contains(section.index) {
      noteTracks(at: section.index, in: answer, areSent: section.weReceive)
    }
    if kind == .answer { askAnew() }
  }

  /// Tells of tracks that come and go (W3C WebRTC §4.4.1.5, "process the addition of a remote track").
  private mutating func noteTracks(
    at place: Int, in remote: SessionDescription, areSent: Bool
  ) {
    guard let owner = transceiver(ofLineAt: place) else { return }
    let section = remote.mediaSections[place]
    let isActive = areSent && !section.isRejected && !transceivers[owner].isStopping
    if isActive {
      let streams = section.msids.prefix(16).map(\.stream).filter { $0 != "-" }
      transceivers[owner].receiver.streamIDs = streams
      if let track = section.msids.first?.track, !transceivers[owner].receiver.isActive {
        transceivers[owner].receiver.trackID = track
      }
    }
    guard isActive != transceivers[owner].receiver.isActive else { return }
    transceivers[owner].receiver.isActive = isActive
    if !isActive { transceivers[owner].receiver.streamIDs = [] }
    let id = transceivers[owner].id
    events.append(isActive ? .track(id) : .trackRemoved(id))
  }
}
