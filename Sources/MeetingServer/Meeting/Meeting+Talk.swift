import Signaling
import Wire

extension Meeting {
  func chat(_ text: String, _ peer: MediaPeerID, byteCount: Int) {
    guard let sender = people[peer], isAllowed(byteCount, peer, type: "chat") else { return }
    let message = remember(text, from: sender)
    tell(.chat(message), from: sender.id, in: sender.room)
  }

  private func remember(_ text: String, from sender: Participant) -> ChatMessage {
    let id = (rooms[sender.room]?.lastChatID ?? 0) &+ 1
    let message = ChatMessage(
      id: id, userId: sender.id, name: sender.name, text: text, at: clock.milliseconds())
    rooms[sender.room]?.lastChatID = id
    rooms[sender.room]?.keep(message, limits)
    return message
  }

  func relay(_ message: RelayedMessage, _ peer: MediaPeerID, byteCount: Int) {
    let type = message.kind.rawValue
    guard let sender = people[peer], isAllowed(byteCount, peer, type: type) else { return }
    if let to = message.to {
      relay(message, to: to, from: sender)
      return
    }
    guard message.kind == .chat else {
      tell(.relayed(message), from: sender.id, in: sender.room) { $0.peer != peer }
      return
    }
    tell(.relayed(message), from: sender.id, in: sender.room) {
      $0.peer != peer && !$0.isMeeting
    }
    guard
      let text = message.payload["text"]?.text ?? message.payload.text,
      limits.signaling.allowsChat(text)
    else { return }
    let chat = remember(text, from: sender)
    tell(.chat(chat), from: sender.id, in: sender.room) { $0.isMeeting }
  }

  private func relay(_ message: RelayedMessage, to id: String, from sender: Participant) {
    guard
      let receiver = rooms[sender.room]?.byID[id], people[receiver]?.session != nil
    else {
      tell(
        .error(
          SignalingFailure(
            .noSuchParticipant, "\"to\" names nobody in the room",
            inReplyTo: message.kind.rawValue)),
        to: sender.peer)
      return
    }
    send(
      coding.encode(
        ServerEnvelope(.relayed(message), roomId: sender.room, userId: sender.id, to: id)),
      to: receiver)
  }

  /// One participant's bytes may not fill the send queues of others.
  private func isAllowed(_ byteCount: Int, _ peer: MediaPeerID, type: String) -> Bool {
    if people[peer]?.relayedBytes.take(byteCount, at: clock.now()) == true { return true }
    tell(
      .error(
        SignalingFailure(.rateLimited, "too many bytes to others: not sent", inReplyTo: type)),
      to: peer)
    return false
  }

  func update(_ request: UpdateRequest, _ peer: MediaPeerID) async {
    guard people[peer]?.updates.take(at: clock.now()) == true else {
      let text =
        "at most \(limits.updatesPerSecond) updates a second, \(limits.updateBurst) at once"
      tell(.error(SignalingFailure(.rateLimited, text, inReplyTo: "update")), to: peer)
      return
    }
    if let change = request.media { await setLive(change, peer) }
    guard people[peer] != nil else { return }
    if let name = request.name { people[peer]?.name = name }
    guard let participant = people[peer] else { return }
    tell(.participantUpdated(participant.description), from: participant.id, in: participant.room) {
      $0.isMeeting
    }
  }

  private func setLive(_ change: LiveMediaChange, _ peer: MediaPeerID) async {
    guard let before = people[peer]?.live else { return }
    var live = before
    live.apply(change)
    people[peer]?.live = live
    guard people[peer]?.media == .connected else { return }
    for source in StreamSource.allCases where before[source] != live[source] {
      await plane.setLive(live[source], source: MediaSource(source), of: peer)
    }
  }
}
