import Signaling
import Wire

/// A publisher or player over HTTP, as it was admitted.
struct HTTPMediaSession: Sendable, Equatable {
  /// The SDP answer.
  var answer: String
  /// The secret part of the URL that ends it.
  var resource: String
  /// Names the ICE session (RFC 9725 §4.3.1).
  var entityTag: String
}

extension Meeting {
  /// Adds a publisher to a room (WHIP); the others see it as a participant called `name`. `client` is the
  /// address whose unconnected sessions are counted; nil counts none.
  func publish(
    in room: String, name: String, offer: String, client: String? = nil,
    reached: ReachedAddress? = nil
  ) async throws(SignalingFailure) -> HTTPMediaSession {
    let (peer, answer) = try await admit(
      id: "p-" + .randomIdentifier(&random), name: name, to: room, offer: offer, client: client,
      reached: reached)
    let resource = String.randomIdentifier(&random)
    people[peer]?.resource = resource
    resources[resource] = peer
    show(peer)
    announce(peer)
    return HTTPMediaSession(
      answer: answer, resource: resource, entityTag: .randomIdentifier(&random))
  }

  /// Takes a place for somebody without a socket and connects the media; `show` makes it seen.
  func admit(
    id: String, name: String, to room: String, offer: String, client: String?,
    reached: ReachedAddress?
  ) async throws(SignalingFailure) -> (MediaPeerID, answer: String) {
    try checkUnconnected(client)
    if let failure = reservePlace(in: room, inReplyTo: nil) { throw failure }
    let peer = MediaPeerID(rawValue: nextNumber())
    people[peer] = newParticipant(
      peer, id: id, name: name, room: room, live: LiveMedia(offered: offer))
    people[peer]?.connectBy = clock.now() + limits.timeToConnect
    people[peer]?.client = client
    let answer: String
    do throws(MediaError) {
      answer = try await connect(peer, MediaOffer(sdp: offer, reached: reached))
    } catch {
      forget(peer)
      throw SignalingFailure(error, inReplyTo: "offer")
    }
    guard people[peer] != nil, !isStopping else {
      await abandon(peer)
      throw SignalingFailure(.internal, "the server stops")
    }
    return (peer, answer)
  }

  /// Adds a player to a room (WHEP), which the others do not see.
  func play(
    in id: String, offer: String, client: String? = nil, reached: ReachedAddress? = nil
  ) async throws(SignalingFailure) -> HTTPMediaSession {
    if isStopping { throw SignalingFailure(.internal, "the server stops") }
    try checkUnconnected(client)
    guard people.count + players.count < limits.participants else {
      throw SignalingFailure(.tooManyParticipants, "the server is full")
    }
    guard (rooms[id]?.players ?? 0) < limits.playersPerRoom else {
      throw SignalingFailure(.roomFull, "the room has \(limits.playersPerRoom) players")
    }
    openRoom(id)
    guard let room = rooms[id]?.media else { throw SignalingFailure(.internal, "no room") }
    let peer = MediaPeerID(rawValue: nextNumber())
    let resource = String.randomIdentifier(&random)
    players[peer] = Player(
      room: id, resource: resource, client: client,
      connectBy: clock.now() + limits.timeToConnect)
    rooms[id]?.players += 1
    let answer: String
    do throws(MediaError) {
      answer = try await plane.connect(
        peer, in: room, offer: MediaOffer(sdp: offer, reached: reached))
    } catch {
      forgetPlayer(peer)
      throw SignalingFailure(error, inReplyTo: "offer")
    }
    guard players[peer] != nil, !isStopping else {
      await plane.disconnect(peer)
      forgetPlayer(peer)
      throw SignalingFailure(.internal, "the server stops")
    }
    resources[resource] = peer
    return HTTPMediaSession(
      answer: answer, resource: resource, entityTag: .randomIdentifier(&random))
  }

  /// Sessions that never connect hold places and memory; one address may hold only so many.
  private func checkUnconnected(_ client: String?) throws(SignalingFailure) {
    guard let client else { return }
    let count =
      people.values.count { $0.connectBy != nil && $0.client == client }
      + players.values.count { $0.connectBy != nil && $0.client == client }
    guard count < limits.unconnectedPerAddress else {
      throw SignalingFailure(
        .rateLimited, "\(count) sessions of this address are not connected yet")
    }
  }

  /// Ends a publisher or player; false where the room has no such resource of that kind.
  func end(_ resource: String, in room: String, isPlayer: Bool) async -> Bool {
    guard let peer = resources[resource] else { return false }
    if isPlayer {
      guard players[peer]?.room == room else { return false }
      await endPlayer(peer)
    } else {
      guard people[peer]?.room == room else { return false }
      await remove(peer, .left)
    }
    return true
  }

  /// Whether the room has such a resource of that kind.
  func has(_ resource: String, in room: String, isPlayer: Bool) -> Bool {
    guard let peer = resources[resource] else { return false }
    return isPlayer ? players[peer]?.room == room : people[peer]?.room == room
  }

  func endPlayer(_ peer: MediaPeerID) async {
    forgetPlayer(peer)
    await plane.disconnect(peer)
  }

  private func forgetPlayer(_ peer: MediaPeerID) {
    guard let player = players.removeValue(forKey: peer) else { return }
    resources[player.resource] = nil
    rooms[player.room]?.players -= 1
    closeIfEmpty(player.room)
  }
}

extension LiveMedia {
  /// What an offer has m-sections for.
  init(offered offer: String) {
    let lines = offer.utf8.split { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }
    self.init(
      microphone: lines.contains { $0.starts(with: "m=audio".utf8) },
      camera: lines.contains { $0.starts(with: "m=video".utf8) })
  }
}
