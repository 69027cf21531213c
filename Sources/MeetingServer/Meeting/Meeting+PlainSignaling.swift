import Signaling

/// Why a request of somebody who signals over plain HTTP was refused.
enum PlainSignalingFault: Error, Equatable {
  /// The request itself is at fault, or there is no room for it.
  case refused(SignalingFailure)
  /// No such room, or nobody of that name in it who signals like this.
  case unknownUser
  /// The name belongs to somebody else.
  case userTaken
  /// An answer to no offer.
  case noPendingOffer
}

/// Participants that offer, and trickle candidates, by requests of their own.
extension Meeting {
  /// Adds somebody to a room or, where the offer continues the session of one who is there, answers that. A new
  /// session under the same name replaces the one before.
  func takeOffer(
    _ offer: String, user: String?, name: String?, in room: String, client: String?,
    reached: ReachedAddress? = nil
  ) async throws(PlainSignalingFault) -> (user: String, answer: String) {
    if let user, let present = rooms[room]?.byID[user] {
      guard let session = people[present]?.offerSession, people[present]?.client == client else {
        throw .userTaken
      }
      if session == Self.sessionID(of: offer) {
        return (user, try await renegotiate(present, offer, reached))
      }
      await remove(present, .left)
    }
    let user = user ?? "p-" + .randomIdentifier(&random)
    let peer: MediaPeerID
    let answer: String
    do throws(SignalingFailure) {
      (peer, answer) = try await admit(
        id: user, name: name ?? user, to: room, offer: offer, client: client, reached: reached)
    } catch {
      throw .refused(error)
    }
    // Somebody may have taken the name while the offer was being answered.
    guard rooms[room]?.byID[user] == nil else {
      await abandon(peer)
      throw .userTaken
    }
    people[peer]?.offerSession = Self.sessionID(of: offer) ?? ""
    show(peer)
    announce(peer)
    return (user, answer)
  }

  private func renegotiate(
    _ peer: MediaPeerID, _ offer: String, _ reached: ReachedAddress?
  ) async throws(PlainSignalingFault) -> String {
    do throws(MediaError) {
      let answer = try await plane.renegotiate(
        peer, offer: MediaOffer(sdp: offer, reached: reached))
      people[peer]?.live = LiveMedia(offered: offer)
      await applyLive(peer)
      if let participant = people[peer] {
        tell(
          .participantUpdated(participant.description), from: participant.id, in: participant.room)
      }
      return answer
    } catch {
      throw .refused(SignalingFailure(error, inReplyTo: "offer"))
    }
  }

  /// Adds a candidate of somebody who offered before; nil says that there are no more.
  func takeCandidate(
    _ candidate: String?, user: String, in room: String, client: String?
  ) async throws(PlainSignalingFault) {
    let peer = try plainUser(user, in: room)
    // A candidate makes us send packets to it: not at the word of anybody who read the roster.
    guard people[peer]?.client == client else { throw .unknownUser }
    do throws(MediaError) {
      try await plane.addCandidate(candidate, of: peer)
    } catch {
      throw .refused(SignalingFailure(error, inReplyTo: "ice-candidate"))
    }
  }

  /// Takes an answer, of which none is expected: the server never offers.
  func takeAnswer(user: String, in room: String) throws(PlainSignalingFault) {
    _ = try plainUser(user, in: room)
    throw .noPendingOffer
  }

  private func plainUser(
    _ user: String, in room: String
  ) throws(PlainSignalingFault) -> MediaPeerID {
    guard let peer = rooms[room]?.byID[user], people[peer]?.offerSession != nil else {
      throw .unknownUser
    }
    return peer
  }

  /// The number that a session's offers share, in `o=` (RFC 8866 §5.2).
  private static func sessionID(of offer: String) -> String? {
    let lines = offer.utf8.split(
      maxSplits: 8, whereSeparator: { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") })
    guard let origin = lines.first(where: { $0.starts(with: "o=".utf8) }) else { return nil }
    let words = origin.split(separator: UInt8(ascii: " "))
    return words.count > 1 ? String(Substring(words[1])) : nil
  }
}
