import ICE
import Net
import Peer
import SDP
import SFU
import Wire

/// What the meeting asks of a worker.
extension MediaWorker {
  /// Adds a peer to a room and answers its offer.
  func connect(_ id: PeerID, in room: RoomID, offer: MediaOffer) throws(MediaError) -> String {
    let description = try Self.parse(offer.sdp)
    let credentials = makeCredentials()
    let order = codecs.order(in: room, wish: offer.codec)
    let plan = makePlan(description, offer, id, order, previous: nil)
    let (answer, negotiated) = try answer(
      description, plan.sections, OfferPlan.policy(for: offer), credentials, reached: offer.reached,
      sessionID: random.next(), previous: nil)
    guard let transport = negotiated.transport else {
      throw .badOffer("nothing in it can be answered: no section has a codec this server knows")
    }
    let remote = try makeRemote(credentials, transport)
    remote.transportSequenceID = Self.transportSequenceID(negotiated)
    try remote.take(transport)
    sessions[id] = negotiated
    codecs.enter(id, room, wish: offer.codec)
    forwarder.add(
      id, to: room, remote: remote, cname: "jumpa",
      publishing: plan.publishedTracks(negotiated), receiving: plan.receiveSlots(negotiated),
      startBitrate: offer.downBitrate, at: MonotonicClock.now(), events: &pendingEvents)
    return answer.description
  }

  /// Answers a later offer of a peer.
  func renegotiate(_ id: PeerID, offer: MediaOffer) throws(MediaError) -> String {
    guard let previous = sessions[id], let remote = forwarder.remote(of: id) else {
      throw .noSuchPeer
    }
    let description = try Self.parse(offer.sdp)
    let restarts = previous.isICERestarted(by: description)
    let credentials =
      restarts ? makeCredentials() : remote.localCredentials
    let plan = makePlan(description, offer, id, codecs.order(for: id), previous: previous)
    let (answer, negotiated) = try answer(
      description, plan.sections, OfferPlan.policy(for: offer), credentials, reached: offer.reached,
      sessionID: previous.sessionID, previous: previous)
    guard let transport = negotiated.transport else {
      throw .badOffer("nothing in it can be answered")
    }
    if restarts {
      // Before anything is changed: a refused offer leaves everything as it was.
      _ = try Self.credentials(of: transport)
      remote.restartICE(credentials: credentials)
      try remote.take(transport)
    }
    remote.transportSequenceID = Self.transportSequenceID(negotiated)
    sessions[id] = negotiated
    forwarder.update(
      id, publishing: plan.publishedTracks(negotiated), receiving: plan.receiveSlots(negotiated),
      at: MonotonicClock.now(), events: &pendingEvents)
    return answer.description
  }

  /// Adds a trickled candidate of a peer; nil says that there are no more.
  func addCandidate(_ candidate: String?, of id: PeerID) throws(MediaError) {
    guard let remote = forwarder.remote(of: id) else { throw .noSuchPeer }
    if let candidate {
      do throws(ICECandidateError) {
        // A name in place of an address is no fault: the peer's own checks will reach us.
        if case .candidate(let usable) = try ICECandidate.parse(candidate) {
          remote.addRemoteCandidate(usable)
        }
      } catch {
        guard error != .malformed else { throw .badOffer("this is no ICE candidate") }
      }
    } else {
      remote.setRemoteCandidatesComplete()
    }
    forwarder.wake(at: MonotonicClock.now())
  }

  /// Starts or stops forwarding a source.
  func setLive(_ isLive: Bool, _ source: SourceID) {
    forwarder.setLive(isLive, source, at: MonotonicClock.now(), events: &pendingEvents)
  }

  /// Takes what a viewer's screen shows.
  func setView(_ tiles: [ViewTile], of id: PeerID) {
    forwarder.setView(tiles, of: id, at: MonotonicClock.now(), events: &pendingEvents)
  }

  /// How the worker does.
  var metrics: MediaMetrics {
    streamCounts.open = streams.count
    return MediaMetrics(
      forwarder: forwarder.statistics(at: MonotonicClock.now()), sockets: socket.statistics,
      turns: loop.turnTimes.counts, forwarding: forwardTimes, streams: streamCounts,
      handedOver: handedOverCount, handoverDrops: inbox.datagrams.droppedCount)
  }

  /// The figures behind the quality of peers.
  func figures(of ids: [PeerID]) -> [PeerID: MediaFigures] {
    var figures: [PeerID: MediaFigures] = [:]
    for id in ids {
      guard let known = forwarder.figures(of: id) else { continue }
      figures[id] = MediaFigures(
        up: MediaLinkFigures(known.up), down: MediaLinkFigures(known.down),
        layers: forwarder.forwardedLayers(to: id).map(MediaLayer.init))
    }
    return figures
  }

  /// How far peers and the socket have come with each other, each since its time.
  func contact(of peers: [(id: PeerID, since: Instant)]) -> [PeerID: MediaContact] {
    let ports = candidates.map(\.address.port).reduce(into: [UInt16]()) { ports, port in
      if !ports.contains(port) { ports.append(port) }
    }
    var contacts: [PeerID: MediaContact] = [:]
    for (id, since) in peers {
      guard let remote = forwarder.remote(of: id) else { continue }
      let heard = remote.ice.pairStatistics.filter { pair in
        pair.path.transport == .udp && pair.lastHeardAt.map { $0 >= since } == true
      }
      contacts[id] = MediaContact(
        ports: ports,
        places: heard.map { pair in
          MediaContact.Place(
            address: pair.path.remote, reach: pair.responsesReceived > 0 ? .mutual : .heard)
        })
    }
    return contacts
  }

  /// Removes a peer.
  func disconnect(_ id: PeerID) {
    forwarder.remote(of: id)?.close(into: outbox)
    forwarder.remove(id, at: MonotonicClock.now(), events: &pendingEvents)
    sessions[id] = nil
    codecs.leave(id)
  }
}
