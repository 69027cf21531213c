import ICE
import SDP

extension OfferAnswer {
  /// RFC 8829 §5.9; nil takes whatever fits the state (W3C WebRTC §4.4.1.4).
  mutating func setLocal(_ description: SessionDescriptionText?) throws(SessionError) {
    let kind = description?.kind ?? impliedKind
    switch kind {
    case .rollback: try rollBack()
    case .offer: try setLocalOffer(description?.sdp ?? "")
    case .answer, .provisionalAnswer: try setLocalAnswer(description?.sdp ?? "", kind)
    }
  }

  private var impliedKind: SessionDescriptionText.Kind {
    switch state {
    case .stable, .haveLocalOffer, .haveRemoteProvisionalAnswer, .closed: .offer
    case .haveRemoteOffer, .haveLocalProvisionalAnswer: .answer
    }
  }

  private mutating func setLocalOffer(_ text: String) throws(SessionError) {
    guard state == .stable || state == .haveLocalOffer else {
      throw .invalidState(state, "setLocalDescription(offer)")
    }
    let created: CreatedOffer
    if text.isEmpty {
      created = try createOffer(OfferOptions())
    } else {
      guard let last = createdOffer, last.text == text,
        last.base == lines || openOffer?.text == text
      else { throw .modified }
      created = last
    }
    keepStable()
    lines = created.lines
    for (place, line) in lines.enumerated() {
      if let owner = transceiver(ofLineAt: place) { transceivers[owner].mid = line.mid }
    }
    openOffer = created
    createdAnswer = nil
    if isControlling == nil || current == nil { isControlling = true }
    pendingLocal = Description(
      kind: .offer, sdp: created.builder.offer(),
      iceUfrag: created.builder.sections.contains { !$0.isStopped }
        ? created.credentials.usernameFragment : nil)
    set(.haveLocalOffer)
  }

  private mutating func setLocalAnswer(
    _ text: String, _ kind: SessionDescriptionText.Kind
  ) throws(SessionError) {
    guard state == .haveRemoteOffer || state == .haveLocalProvisionalAnswer else {
      throw .invalidState(state, "setLocalDescription(\(kind.rawValue))")
    }
    let created: CreatedAnswer
    if text.isEmpty {
      created = try createAnswer()
    } else {
      guard let last = createdAnswer, last.text == text else { throw .modified }
      created = last
    }
    pendingLocal = Description(
      kind: kind, sdp: created.sdp,
      iceUfrag: created.negotiated.transport.map { _ in created.credentials.usernameFragment })
    let agreed = Agreement(session: created.negotiated, credentials: created.credentials)
    if kind == .answer {
      conclude(agreed)
      askAnew()
    } else {
      provisional = agreed
      take(agreed.session)
      set(.haveLocalProvisionalAnswer)
    }
  }

  /// Keeps what a rollback brings back, when an exchange begins.
  mutating func keepStable() {
    if state == .stable { stable = Stable(lines: lines, transceivers: transceivers) }
  }

  /// What an answer says of each transceiver (W3C WebRTC §4.4.1.5).
  mutating func take(_ agreed: NegotiatedSession) {
    for section in agreed.sections {
      guard let owner = transceiver(ofLineAt: section.index) else { continue }
      guard !section.isRejected else {
        transceivers[owner].currentDirection = .inactive
        continue
      }
      let direction = Direction(sends: section.weSend, receives: section.weReceive)
      transceivers[owner].currentDirection = direction
      transceivers[owner].agreed = section
      if section.weSend { transceivers[owner].sender.hasBeenUsed = true }
      if !section.weReceive { silenceReceiver(at: owner) }
      keepLayers(section, of: owner)
    }
  }

  /// Layers that the other side does not take are dropped (W3C WebRTC §5.4.2).
  private mutating func keepLayers(_ section: NegotiatedSection, of owner: Int) {
    guard section.weSend, transceivers[owner].sender.encodings.count > 1 else { return }
    let taken = Set(section.sendRIDs)
    if taken.isEmpty {
      transceivers[owner].sender.encodings.removeSubrange(1...)
    } else {
      transceivers[owner].sender.encodings.removeAll { !taken.contains($0.rid) }
    }
  }

  /// The exchange is complete: what was pending is current.
  mutating func conclude(_ agreed: Agreement) {
    take(agreed.session)
    current = agreed
    provisional = nil
    currentLocal = pendingLocal
    currentRemote = pendingRemote
    pendingLocal = nil
    pendingRemote = nil
    openOffer = nil
    createdOffer = nil
    createdAnswer = nil
    stable = nil
    if agreed.session.transport == nil {
      // The transport goes with its last m-section (RFC 8829 §5.11), and the next begins anew.
      credentials = ICECredentials.random(using: &random)
      nextCredentials = nil
    } else if credentials != agreed.credentials {
      credentials = agreed.credentials
      nextCredentials = nil
    }
    if !ufragsToReplace.contains(credentials.usernameFragment) { ufragsToReplace = [] }
    let known =
      terms.policy.audio + terms.policy.video + transceivers.flatMap { $0.codecPreferences ?? [] }
    for section in agreed.session.sections where !section.isRejected {
      numbers.learn(section, known: known)
    }
    set(.stable)
    dropRejected(agreed.session)
  }

  /// Sections rejected by either side are free for others, and their transceivers are over.
  private mutating func dropRejected(_ agreed: NegotiatedSession) {
    for section in agreed.sections where lines.indices.contains(section.index) {
      lines[section.index].mid = section.mid
      guard section.isRejected else {
        lines[section.index].isRecyclable = false
        continue
      }
      if let owner = transceiver(ofLineAt: section.index) { stopForGood(at: owner) }
      // Who declines data channels is not asked again until the owner opens another.
      if lines[section.index].owner == .data { wantsData = false }
      lines[section.index].owner = .nobody
      lines[section.index].isRecyclable = true
    }
    transceivers.removeAll { $0.isStopped }
  }

  /// Nothing comes any longer (W3C WebRTC §4.4.1.5, "process the removal of a remote track").
  mutating func silenceReceiver(at owner: Int) {
    transceivers[owner].receiver.streamIDs = []
    guard transceivers[owner].receiver.isActive else { return }
    transceivers[owner].receiver.isActive = false
    events.append(.trackRemoved(transceivers[owner].id))
  }

  /// The end of a transceiver (W3C WebRTC §5.4.2, "stop the RTCRtpTransceiver").
  mutating func stopForGood(at owner: Int) {
    transceivers[owner].isStopping = true
    transceivers[owner].isStopped = true
    transceivers[owner].currentDirection = nil
    transceivers[owner].direction = .inactive
    transceivers[owner].mid = nil
    transceivers[owner].agreed = nil
    silenceReceiver(at: owner)
    events.append(.transceiverStopped(transceivers[owner].id))
  }
}
