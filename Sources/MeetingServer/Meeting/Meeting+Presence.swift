import Signaling
import Wire

extension Meeting {
  func join(_ socketID: SocketID, room roomID: String, _ request: JoinRequest) async {
    if let failure = reservePlace(in: roomID, inReplyTo: "join") {
      refuseJoin(socketID, failure)
      return
    }
    let peer = MediaPeerID(rawValue: nextNumber())
    var live = LiveMedia()
    if let media = request.media { live.apply(media) }
    people[peer] = newParticipant(
      peer, id: "p-" + .randomIdentifier(&random), name: request.name, room: roomID, live: live)
    people[peer]?.bandwidth = request.bandwidth
    people[peer]?.codec = request.codec
    if request.sdp != nil { people[peer]?.joiningSince = clock.now() }
    var answer: String?
    if let sdp = request.sdp {
      do throws(MediaError) {
        answer = try await connect(
          peer,
          MediaOffer(
            sdp: sdp, sources: request.sources, from: people[peer],
            host: newcomers[socketID]?.socket.host))
      } catch {
        forget(peer)
        refuseJoin(socketID, SignalingFailure(error, inReplyTo: "join"))
        return
      }
    }
    guard var newcomer = newcomers[socketID], newcomer.session.state == .joining, !isStopping else {
      await abandon(peer)
      return
    }
    newcomers[socketID] = nil
    newcomer.session.admit()
    people[peer]?.session = newcomer.session
    attach(newcomer.socket, socketID, to: peer)
    let token = ResumeToken(random: &random)
    people[peer]?.resumeToken = token
    tokens[token.handle] = peer
    show(peer)
    counts.joins &+= 1
    welcome(peer, answer: answer, token: token)
    announce(peer)
  }

  private func refuseJoin(_ socketID: SocketID, _ failure: SignalingFailure) {
    newcomers[socketID]?.session.refuse(at: clock.now())
    reply(.error(failure), to: socketID)
  }

  private func welcome(_ peer: MediaPeerID, answer: String?, token: ResumeToken) {
    guard let participant = people[peer], let room = rooms[participant.room] else { return }
    let slots = visibleSlots(of: participant)
    people[peer]?.slotsTold = slots
    tell(
      .joined(
        Joined(
          sdp: answer, resumeToken: token.text, iceServers: relays(for: peer),
          participants: roster(of: room),
          slots: slots, chat: room.chat)),
      from: participant.id, to: peer)
    tellMediaConditions(to: peer)
  }

  func resume(_ socketID: SocketID, _ request: ResumeRequest) {
    guard
      let peer = tokens[ResumeToken.handle(of: request.resumeToken)],
      let participant = people[peer],
      participant.resumeToken?.matches(request.resumeToken) == true,
      let room = rooms[participant.room],
      let (messages, missed) = people[peer]?.session?.resume(after: request.lastSeq)
    else {
      reply(
        .error(
          SignalingFailure(
            .resumeFailed, "no such participant, or no longer: join anew", inReplyTo: "resume")),
        to: socketID)
      return
    }
    guard let newcomer = newcomers.removeValue(forKey: socketID) else { return }
    counts.resumes &+= 1
    if let old = participant.socket { close(old, .replaced) }
    if let oldID = participant.socketID { owners[oldID] = nil }
    attach(newcomer.socket, socketID, to: peer)
    // New credentials may be among what is lost.
    if missed, participant.renewRelaysAt != nil { people[peer]?.renewRelaysAt = clock.now() }
    for message in messages { newcomer.socket.send(message) }
    let slots = visibleSlots(of: participant)
    people[peer]?.slotsTold = slots
    tell(
      .resumed(Resumed(participants: roster(of: room), slots: slots, missed: missed)),
      from: participant.id, to: peer)
    tellMediaConditions(to: peer)
  }

  /// A socket opened at `/ws?roomId=…&userId=…`; nil where it was refused and closed.
  public func openRelay(
    _ socket: any ClientSocket, room: String, userId: String
  ) -> SocketID? {
    let id = userId
    if let failure = relayFault(room: room, userId: id) {
      socket.send(coding.encode(ServerEnvelope(.error(failure))).text)
      close(socket, .policy(failure.code.rawValue))
      return nil
    }
    counts.openedSockets &+= 1
    let socketID = SocketID(rawValue: nextNumber())
    let session = SignalingSession(.relay, limits: limits.signaling, at: clock.now())
    let peer: MediaPeerID
    if let present = rooms[room]?.byID[id] {
      peer = present
      if let old = people[peer]?.socket { close(old, .replaced) }
      if let oldID = people[peer]?.socketID { owners[oldID] = nil }
    } else {
      if let failure = reservePlace(in: room, inReplyTo: nil) {
        socket.send(coding.encode(ServerEnvelope(.error(failure))).text)
        close(socket, .policy(failure.code.rawValue))
        return nil
      }
      peer = MediaPeerID(rawValue: nextNumber())
      people[peer] = newParticipant(peer, id: id, name: id, room: room, live: LiveMedia())
      show(peer)
      announce(peer)
    }
    people[peer]?.session = session
    attach(socket, socketID, to: peer)
    for other in rooms[room]?.roster ?? [] where other != peer {
      guard let other = people[other] else { continue }
      tell(.participantJoined(other.description), from: other.id, to: peer)
    }
    return socketID
  }

  private func relayFault(room: String, userId: String) -> SignalingFailure? {
    if isStopping { return SignalingFailure(.internal, "the server stops") }
    guard limits.signaling.room(room) != nil else {
      return .badRoom(limits.signaling, inReplyTo: nil)
    }
    guard limits.signaling.name(userId) == userId else {
      return .badName(limits.signaling, inReplyTo: nil)
    }
    // Ids of the meeting are seen by everybody: nobody may take one over by naming it.
    if let present = rooms[room]?.byID[userId], people[present]?.session?.way != .relay {
      return SignalingFailure(.badName, "this id belongs to somebody else")
    }
    return nil
  }
}

// MARK: - Places

extension Meeting {
  /// Takes a place in a room, which is made where there is none.
  func reservePlace(in id: String, inReplyTo type: String?) -> SignalingFailure? {
    if isStopping { return SignalingFailure(.internal, "the server stops", inReplyTo: type) }
    guard people.count + players.count < limits.participants else {
      return SignalingFailure(.tooManyParticipants, "the server is full", inReplyTo: type)
    }
    if let room = rooms[id] {
      guard room.roster.count + room.reserved < limits.participantsPerRoom else {
        return SignalingFailure(
          .roomFull, "the room has \(limits.participantsPerRoom) participants", inReplyTo: type)
      }
    }
    openRoom(id)
    rooms[id]?.reserved += 1
    return nil
  }

  func openRoom(_ id: String) {
    if rooms[id] == nil {
      let media = MediaRoomID(rawValue: nextNumber())
      rooms[id] = Room(id: id, media: media)
      mediaRooms[media] = id
    }
    rooms[id]?.emptySince = nil
  }

  func newParticipant(
    _ peer: MediaPeerID, id: String, name: String, room: String, live: LiveMedia
  ) -> Participant {
    Participant(
      peer: peer, id: id, room: room, name: name, live: live,
      relayedBytes: TokenBucket(
        rate: limits.relayedBytesPerSecond, burst: limits.relayedBytesBurst, at: clock.now()),
      updates: TokenBucket(
        rate: limits.updatesPerSecond, burst: limits.updateBurst, at: clock.now()))
  }

  /// Turns a reserved place into a seen one.
  func show(_ peer: MediaPeerID) {
    guard let participant = people[peer] else { return }
    people[peer]?.isVisible = true
    rooms[participant.room]?.reserved -= 1
    rooms[participant.room]?.roster.append(peer)
    rooms[participant.room]?.byID[participant.id] = peer
  }

  /// Tells the others of a participant who has just been shown.
  func announce(_ peer: MediaPeerID) {
    guard let participant = people[peer] else { return }
    tell(.participantJoined(participant.description), from: participant.id, in: participant.room) {
      $0.peer != peer
    }
    for viewer in rooms[participant.room]?.roster ?? [] where viewer != peer {
      if people[viewer]?.slots.contains(where: { $0.peer == peer }) == true { tellSlots(viewer) }
    }
  }

  func attach(_ socket: any ClientSocket, _ socketID: SocketID, to peer: MediaPeerID) {
    owners[socketID] = peer
    people[peer]?.socket = socket
    people[peer]?.socketID = socketID
  }

  func roster(of room: Room) -> [ParticipantDescription] {
    room.roster.compactMap { people[$0]?.description }
  }

  /// Gives a reserved place back, with whatever media it had.
  func abandon(_ peer: MediaPeerID) async {
    let hadMedia = people[peer].map { $0.media != .none } ?? true
    forget(peer)
    if hadMedia { await plane.disconnect(peer) }
  }

  /// Gives a reserved place back.
  func forget(_ peer: MediaPeerID) {
    guard let participant = people[peer], !participant.isVisible else { return }
    people[peer] = nil
    rooms[participant.room]?.reserved -= 1
    closeIfEmpty(participant.room)
  }

  /// Removes somebody from their room and tells the others. The socket is the caller's to close.
  func remove(_ peer: MediaPeerID, _ reason: DepartureReason) async {
    guard let participant = people[peer], participant.isVisible else { return }
    people[peer] = nil
    if let socketID = participant.socketID { owners[socketID] = nil }
    if let token = participant.resumeToken { tokens[token.handle] = nil }
    if let resource = participant.resource { resources[resource] = nil }
    rooms[participant.room]?.roster.removeAll { $0 == peer }
    rooms[participant.room]?.byID[participant.id] = nil
    tell(.participantLeft(id: participant.id, reason), from: participant.id, in: participant.room)
    closeIfEmpty(participant.room)
    if participant.media != .none { await plane.disconnect(peer) }
    await revokeRelays(of: participant)
  }

  /// Ends a room nobody is in, or starts the time its chat is kept.
  func closeIfEmpty(_ id: String) {
    guard let room = rooms[id], room.isEmpty else { return }
    if room.chat.isEmpty { closeRoom(id) } else { rooms[id]?.emptySince = clock.now() }
  }

  func closeRoom(_ id: String) {
    if let media = rooms.removeValue(forKey: id)?.media { mediaRooms[media] = nil }
  }
}
