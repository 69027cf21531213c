import Signaling
import Wire

extension Meeting {
  /// Ends what has waited too long. Call a few times a second.
  public func advance() async {
    let now = clock.now()
    closeNewcomers(at: now)
    for (id, room) in rooms where room.speakersWaiting != nil { tellSpeakers(id) }
    closeEmptyRooms(at: now)
    renewRelays(at: now)
    await tellFigures(at: now)
    await diagnose(at: now)
    for peer in people.keys.filter({ isLost($0, at: now) }) { await remove(peer, .lost) }
    let idle = players.filter { isDue($0.value.connectBy, at: now) }.map(\.key)
    for peer in idle { await endPlayer(peer) }
  }

  private func closeNewcomers(at now: Instant) {
    for id in Array(newcomers.keys) {
      guard case .close(let reason) = newcomers[id]?.session.advance(to: now) else { continue }
      guard let newcomer = newcomers.removeValue(forKey: id) else { continue }
      let failure = SignalingFailure(.notJoined, "join or resume comes first, and soon")
      newcomer.socket.send(coding.encode(ServerEnvelope(.error(failure))).text)
      close(newcomer.socket, reason)
    }
  }

  private func isLost(_ peer: MediaPeerID, at now: Instant) -> Bool {
    guard people[peer]?.isVisible == true else { return false }
    if isDue(people[peer]?.connectBy, at: now) { return true }
    return people[peer]?.session?.advance(to: now) == .lose
  }

  private func isDue(_ deadline: Instant?, at now: Instant) -> Bool {
    deadline.map { $0 <= now } ?? false
  }

  private func closeEmptyRooms(at now: Instant) {
    var kept: [(id: String, since: Instant, byteCount: Int)] = []
    var byteCount = 0
    for (id, room) in rooms {
      guard let since = room.emptySince else { continue }
      if since + limits.emptyRoomLifetime <= now {
        closeRoom(id)
      } else {
        kept.append((id, since, room.chatByteCount))
        byteCount += room.chatByteCount
      }
    }
    guard kept.count > limits.emptyRooms || byteCount > limits.emptyRoomBytes else { return }
    kept.sort { $0.since < $1.since }
    var count = kept.count
    for room in kept {
      guard count > limits.emptyRooms || byteCount > limits.emptyRoomBytes else { return }
      closeRoom(room.id)
      count -= 1
      byteCount -= room.byteCount
    }
  }

  /// Tells every client that the server stops, and closes every socket.
  public func stop() {
    guard !isStopping else { return }
    isStopping = true
    for newcomer in newcomers.values {
      newcomer.socket.send(coding.encode(ServerEnvelope(closingMessage)).text)
      close(newcomer.socket, .stopping)
    }
    newcomers = [:]
    for peer in Array(people.keys) {
      tell(closingMessage, to: peer)
      if let socket = people[peer]?.socket { close(socket, .stopping) }
    }
  }
}
