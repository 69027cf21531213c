import Signaling
import Wire

extension Meeting {
  /// Connects a peer's media and applies what of it is live, before anything can flow.
  func connect(_ peer: MediaPeerID, _ offer: MediaOffer) async throws(MediaError) -> String {
    guard let room = people[peer].flatMap({ rooms[$0.room] }) else { throw .noSuchPeer }
    people[peer]?.media = .connecting
    let answer: String
    do throws(MediaError) {
      answer = try await plane.connect(peer, in: room.media, offer: offer)
    } catch {
      people[peer]?.media = .none
      throw error
    }
    guard people[peer] != nil else {
      await plane.disconnect(peer)
      throw .noSuchPeer
    }
    people[peer]?.media = .connected
    lookWhy(peer, since: clock.now())
    await applyLive(peer)
    if let view = people[peer]?.view {
      people[peer]?.view = nil
      await setView(view, peer)
    }
    return answer
  }

  func applyLive(_ peer: MediaPeerID) async {
    for source in StreamSource.allCases {
      guard let live = people[peer]?.live else { return }
      await plane.setLive(live[source], source: MediaSource(source), of: peer)
    }
  }

  func negotiate(_ request: NegotiateRequest, _ peer: MediaPeerID) async {
    guard let media = people[peer]?.media else { return }
    let offer = MediaOffer(
      sdp: request.sdp, sources: request.sources, from: people[peer],
      host: people[peer]?.socket?.host)
    do throws(MediaError) {
      switch media {
      case .none: tell(.negotiated(sdp: try await connect(peer, offer)), to: peer)
      case .connecting: throw .badOffer("the last offer is still being answered")
      case .connected:
        let answer = try await plane.renegotiate(peer, offer: offer)
        await applyLive(peer)
        if let sources = request.sources { forgetLayers(of: peer, except: sources) }
        tell(.negotiated(sdp: answer), to: peer)
      }
    } catch {
      tell(.error(SignalingFailure(error, inReplyTo: "negotiate")), to: peer)
    }
  }

  func setView(_ request: ViewRequest, _ peer: MediaPeerID) async {
    guard let viewer = people[peer], let room = rooms[viewer.room] else { return }
    guard viewer.media == .connected else {
      people[peer]?.view = request
      return
    }
    // Somebody named may have left a moment ago; that is no error.
    let tiles = request.tiles.compactMap { tile in
      room.byID[tile.userId].map { seen in
        MediaTile(
          peer: seen, source: MediaSource(tile.source), width: tile.width, height: tile.height,
          priority: tile.priority ?? 0)
      }
    }
    await plane.setView(tiles, of: peer)
  }

  /// Takes the media plane's events until there are no more.
  public func followMedia() async {
    for await event in plane.events { await handle(event) }
    isMediaRunning = false
  }

  /// Takes one event of the media plane.
  public func handle(_ event: MediaEvent) async {
    switch event {
    case .stateChanged(let peer, let state): await pathChanged(peer, state)
    case .slotsChanged(let peer, let slots):
      people[peer]?.slots = slots
      tellSlots(peer)
    case .speakersChanged(let media, let speakers):
      guard let room = mediaRooms[media] else { return }
      rooms[room]?.speakersWaiting = speakers
      tellSpeakers(room)
    case .layersWanted(let peer, let demand): layersWanted(demand, of: peer)
    case .qualityChanged(let room, let changed): qualityChanged(changed, in: room)
    }
  }

  private func pathChanged(_ peer: MediaPeerID, _ state: MediaEvent.State) async {
    if players[peer] != nil {
      if state == .connected { players[peer]?.connectBy = nil }
      if state == .failed { await endPlayer(peer) }
      return
    }
    guard let participant = people[peer] else { return }
    people[peer]?.path = state
    if participant.path == .connected, state != .connected { lookWhy(peer, since: clock.now()) }
    if state == .connected {
      people[peer]?.connectBy = nil
      people[peer]?.wasConnected = true
      if let since = participant.joiningSince {
        people[peer]?.joiningSince = nil
        counts.noteJoin(lasting: clock.now() - since)
      }
    }
    guard participant.isVisible else { return }
    if state == .failed, participant.socket == nil {
      await remove(peer, .lost)
    } else {
      tell(.mediaState(MediaPathState(state)), to: peer)
    }
  }

  /// The slots that show somebody the viewer knows of.
  func visibleSlots(of viewer: Participant) -> [SlotAssignment] {
    viewer.slots.compactMap { slot in
      guard let shown = people[slot.peer], shown.isVisible else { return nil }
      return SlotAssignment(
        mid: slot.mid, userId: shown.id, source: StreamSource(slot.source),
        state: SlotState(slot.state), delay: slot.delay > 0 ? slot.delay : nil)
    }
  }

  /// Tells a participant its slots, where they differ from what it was told.
  func tellSlots(_ peer: MediaPeerID) {
    guard let viewer = people[peer], viewer.isVisible else { return }
    let slots = visibleSlots(of: viewer)
    guard slots != viewer.slotsTold else { return }
    people[peer]?.slotsTold = slots
    tell(.slots(slots), to: peer)
  }

  /// Tells a room who speaks, unless that was done a moment ago.
  func tellSpeakers(_ id: String) {
    let now = clock.now()
    guard let room = rooms[id], let waiting = room.speakersWaiting else { return }
    if let last = room.speakersAt, now - last < limits.speakersInterval { return }
    rooms[id]?.speakersWaiting = nil
    rooms[id]?.speakersAt = now
    let speakers = waiting.compactMap { speaker in
      people[speaker.peer].flatMap { participant in
        participant.isVisible
          ? SpeakerLevel(userId: participant.id, level: shown(speaker.level)) : nil
      }
    }
    tell(.speakers(speakers), in: id) { $0.isMeeting }
  }

  /// A level that JSON can say, in hundredths.
  private func shown(_ level: Double) -> Double {
    level.isFinite ? (min(1, max(0, level)) * 100).rounded() / 100 : 0
  }
}
