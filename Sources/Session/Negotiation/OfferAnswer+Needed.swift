import ICE
import SDP

extension OfferAnswer {
  /// Tells the owner when an offer becomes necessary (W3C WebRTC §4.7.3); it waits for its own calls to end.
  mutating func updateNegotiationNeeded() {
    guard state == .stable else { return }
    let isNeeded = checkNegotiationNeeded()
    defer { isNegotiationNeeded = isNeeded }
    if isNeeded, !isNegotiationNeeded { events.append(.negotiationNeeded) }
  }

  /// The same after an exchange, which may have left something open that was told before.
  mutating func askAnew() {
    isNegotiationNeeded = false
    updateNegotiationNeeded()
  }

  private func checkNegotiationNeeded() -> Bool {
    if ufragsToReplace.contains(credentials.usernameFragment) { return true }
    if wantsData, terms.policy.data != nil, !lines.contains(where: { $0.owner == .data }) {
      return true
    }
    // One that was stopped between the making of an offer and its setting left an m-section behind.
    let isOrphaned = lines.contains { line in
      if case .transceiver(let id) = line.owner { index(of: id) == nil } else { false }
    }
    if isOrphaned { return true }
    return transceivers.contains { needsNegotiation($0) }
  }

  private func needsNegotiation(_ one: Transceiver) -> Bool {
    if one.isStopping { return !one.isStopped }
    guard one.mid != nil, let place = lines.firstIndex(where: { $0.owner == .transceiver(one.id) }),
      let currentLocal, let currentRemote,
      currentLocal.sdp.mediaSections.indices.contains(place),
      currentRemote.sdp.mediaSections.indices.contains(place)
    else { return true }
    let local = currentLocal.sdp.direction(ofSectionAt: place)
    let remote = currentRemote.sdp.direction(ofSectionAt: place)
    // Where the section does not send it names no stream. The W3C would have two sides that both want
    // only to send offer in turns for ever.
    if one.direction.sends, local.sends,
      hasOtherStreams(one, than: currentLocal.sdp.mediaSections[place])
    {
      return true
    }
    if currentLocal.kind == .offer {
      return local != one.direction && remote.reversed != one.direction
    }
    let possible = Direction(
      sends: one.direction.sends && remote.receives,
      receives: one.direction.receives && remote.sends)
    return local != possible
  }

  private func hasOtherStreams(_ one: Transceiver, than section: MediaSection) -> Bool {
    let written = section.msids.map(\.stream).filter { $0 != "-" }
    guard !section.msids.isEmpty else { return true }
    return Set(written) != Set(one.sender.streamIDs.map(LocalTrack.token))
  }
}
