import Signaling
import Wire

/// Relays, with credentials that each participant has alone.
extension Meeting {
  /// The relays with new credentials of a participant; those of before stay good for their time.
  func relays(for peer: MediaPeerID) -> [ICEServerDescription] {
    guard let relay, let participant = people[peer], let room = rooms[participant.room] else {
      return []
    }
    let lifetime = limits.relayCredentialLifetime
    let servers = relay.servers(
      for: "\(participant.id).\(room.media.rawValue)", reachedAt: participant.socket?.host,
      lasting: lifetime)
    // Renewed at half their time, the last but one have run out.
    let names = participant.relayNames + [servers.username].compactMap(\.self)
    people[peer]?.relayNames = names.suffix(2)
    people[peer]?.renewRelaysAt = clock.now() + lifetime / 2
    return [servers]
  }

  /// Tells new credentials to those whose time is half over. Who has no socket hears of them with the next one.
  func renewRelays(at now: Instant) {
    let due = people.values.filter { participant in
      participant.socket != nil && participant.renewRelaysAt.map { $0 <= now } == true
    }
    for peer in due.map(\.peer) { tell(.iceServers(relays(for: peer)), to: peer) }
  }

  /// Ends what a participant's credentials were good for.
  func revokeRelays(of participant: Participant) async {
    for name in participant.relayNames { await relay?.revoke(name) }
  }
}
