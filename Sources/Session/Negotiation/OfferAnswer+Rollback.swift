import SDP

extension OfferAnswer {
  /// Takes back what was proposed (RFC 8829 §4.1.10.2, §5.7). Not possible once there is an answer of any kind.
  mutating func rollBack() throws(SessionError) {
    try takeBack()
    askAnew()
  }

  /// The same without asking whether an offer is needed, which is pointless where another description follows.
  mutating func takeBack() throws(SessionError) {
    guard state == .haveLocalOffer || state == .haveRemoteOffer, let stable else {
      throw .invalidState(state, "rollback")
    }
    lines = stable.lines
    for index in transceivers.indices.reversed() { restore(index, from: stable) }
    pendingLocal = nil
    pendingRemote = nil
    provisional = nil
    openOffer = nil
    createdOffer = nil
    createdAnswer = nil
    self.stable = nil
    if current == nil { isControlling = nil }
    set(.stable)
  }

  private mutating func restore(_ index: Int, from stable: Stable) {
    let now = transceivers[index]
    if let before = stable.transceivers.first(where: { $0.id == now.id }) {
      transceivers[index].mid = before.mid
      if before.sender.encodings.count < now.sender.encodings.count {
        transceivers[index].sender.encodings = before.sender.encodings
      }
      restoreReceiver(index, before.receiver)
    } else {
      transceivers[index].mid = nil
      restoreReceiver(index, Transceiver.Receiver(trackID: now.receiver.trackID))
    }
    // One that was stopped meanwhile has no m-section left that could say so.
    let isNobodys = now.isMadeByRemote && !stable.transceivers.contains { $0.id == now.id }
    guard isNobodys || (now.isStopping && transceivers[index].mid == nil) else { return }
    stopForGood(at: index)
    transceivers.remove(at: index)
  }

  private mutating func restoreReceiver(_ index: Int, _ receiver: Transceiver.Receiver) {
    let was = transceivers[index].receiver.isActive
    transceivers[index].receiver = receiver
    guard was != receiver.isActive else { return }
    let id = transceivers[index].id
    events.append(receiver.isActive ? .track(id) : .trackRemoved(id))
  }

  /// Nothing is wanted any longer, and nothing is left.
  mutating func close() {
    state = .closed
    for index in transceivers.indices {
      transceivers[index].isStopping = true
      transceivers[index].isStopped = true
      transceivers[index].currentDirection = nil
      transceivers[index].receiver.isActive = false
    }
    isNegotiationNeeded = false
    events = []
  }
}
