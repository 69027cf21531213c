import Cryptography
import DTLS
import ICE
import Net
import Peer
import SDP
import SFU
import Wire

/// One thread with one UDP socket and many rooms.
///
/// Its executor is its event loop: control calls come in as actor calls, and datagrams are handled
/// synchronously between them.
actor MediaWorker: EventLoopHandler {
  nonisolated let loop: EventLoop
  nonisolated let port: UInt16
  nonisolated let events: AsyncStream<ForwarderEvent>
  private let feed: AsyncStream<ForwarderEvent>.Continuation
  private let socket: UDPSocket
  private let candidates: [ICECandidate]
  private let burstDelay: Duration
  private let context: DTLSContext
  private let forwarder: SelectiveForwarder
  private let outbox = Outbox(byteCapacity: 1 << 20)
  private var slab = ReceiveSlab(slotCount: 256)
  private var sessions: [PeerID: NegotiatedSession] = [:]
  private var pendingEvents: [ForwarderEvent] = []
  private var random = RandomSource.system

  /// Binds the socket and starts the thread.
  init(
    configuration: MediaConfiguration, index: UInt16, identity: DTLSIdentity
  ) throws {
    let wanted = configuration.port == 0 ? 0 : configuration.port &+ index
    var options = UDPSocket.Options()
    options.tracksLocalAddress = configuration.host == nil
    if let host = configuration.host {
      socket = try UDPSocket(boundTo: TransportAddress(ip: host, port: wanted), options: options)
    } else {
      socket = try UDPSocket.onAllInterfaces(port: wanted, options: options)
    }
    port = socket.localAddress.port
    candidates = try Self.candidates(configuration, index: index, port: port)
    burstDelay = configuration.burstDelay
    context = try DTLSContext(identity: identity)
    forwarder = SelectiveForwarder(clockOffset: MonotonicClock.unixOffset())
    (events, feed) = AsyncStream.makeStream(bufferingPolicy: .unbounded)
    loop = try EventLoop(name: "media-\(index)")
  }

  /// Takes part in the loop from now on.
  func start() throws(SystemError) {
    loop.add(self)
    try loop.watch(socket.descriptor, for: .readable, handler: self)
  }

  /// Ends all peers and the thread.
  func stop() {
    feed.finish()
    loop.unwatch(socket.descriptor)
    loop.remove(self)
    loop.stop()
  }

  func handle(_ readiness: Readiness, of descriptor: Descriptor, at now: Instant) {
    // The kernel reports again what is left, and timers and control calls get their turn in between.
    var mayHaveMore = true
    for _ in 0..<4 where mayHaveMore {
      let first = slab.count
      _ = socket.receive(into: &slab)
      Self.take(
        &slab, from: first, by: forwarder, at: now, into: outbox, events: &pendingEvents)
      mayHaveMore = slab.isFull
      if mayHaveMore { forward(at: now) }
    }
  }

  func finishTurn(at now: Instant) -> NextTurn {
    let hadPackets = forwarder.hasWaitingPackets
    forward(at: now)
    forwarder.advance(to: now, into: outbox, events: &pendingEvents)
    flush()
    return NextTurn(
      deadline: forwarder.deadline, restUntil: hadPackets ? now + burstDelay : nil)
  }

  private static func take(
    _ slab: inout ReceiveSlab, from first: Int, by forwarder: SelectiveForwarder, at now: Instant,
    into outbox: Outbox, events: inout [ForwarderEvent]
  ) {
    for index in first..<slab.count where slab.byteCount(inSlot: index) > 0 {
      let path = slab.path(ofSlot: index)
      var datagram = slab.slot(index)
      forwarder.receive(
        &datagram, at: index * ReceiveSlab.slotSize, on: path, at: now, into: outbox,
        events: &events)
    }
  }

  private func forward(at now: Instant) {
    if forwarder.hasWaitingPackets {
      Self.forward(&slab, by: forwarder, at: now, into: outbox)
    }
    slab.removeAll()
    if !outbox.isEmpty { socket.flush(outbox) }
  }

  private static func forward(
    _ slab: inout ReceiveSlab, by forwarder: SelectiveForwarder, at now: Instant,
    into outbox: Outbox
  ) {
    var bytes = slab.mutableBytes()
    forwarder.forward(&bytes, at: now, into: outbox)
  }

  private func flush() {
    if !outbox.isEmpty { socket.flush(outbox) }
    for event in pendingEvents { feed.yield(event) }
    pendingEvents.removeAll(keepingCapacity: true)
  }
}

// MARK: Control

extension MediaWorker {
  /// Adds a peer to a room and answers its offer.
  func connect(_ id: PeerID, in room: RoomID, offer: MediaOffer) throws(MediaError) -> String {
    let description = try Self.parse(offer)
    let credentials = ICECredentials.random(using: &random)
    let plan = makePlan(description, offer, id, previous: nil)
    let (answer, negotiated) = try answer(
      description, plan, credentials, sessionID: random.next(), previous: nil)
    guard let transport = negotiated.transport else {
      throw .badOffer("nothing in it can be answered: no section has a codec this server knows")
    }
    let remote = try makeRemote(credentials, transport)
    remote.transportSequenceID = Self.transportSequenceID(negotiated)
    try remote.take(transport)
    sessions[id] = negotiated
    forwarder.add(
      id, to: room, remote: remote, cname: "jumpa",
      publishing: plan.publishedTracks(negotiated), receiving: plan.receiveSlots(negotiated),
      at: MonotonicClock.now(), events: &pendingEvents)
    return answer.description
  }

  /// Answers a later offer of a peer.
  func renegotiate(_ id: PeerID, offer: MediaOffer) throws(MediaError) -> String {
    guard let previous = sessions[id], let remote = forwarder.remote(of: id) else {
      throw .noSuchPeer
    }
    let description = try Self.parse(offer)
    let restarts = previous.isICERestarted(by: description)
    let credentials =
      restarts ? ICECredentials.random(using: &random) : remote.localCredentials
    let plan = makePlan(description, offer, id, previous: previous)
    let (answer, negotiated) = try answer(
      description, plan, credentials, sessionID: previous.sessionID, previous: previous)
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

  /// Starts or stops forwarding a source.
  func setLive(_ isLive: Bool, _ source: SourceID) {
    forwarder.setLive(isLive, source, at: MonotonicClock.now(), events: &pendingEvents)
  }

  /// Takes what a viewer's screen shows.
  func setView(_ tiles: [ViewTile], of id: PeerID) {
    forwarder.setView(tiles, of: id, at: MonotonicClock.now(), events: &pendingEvents)
  }

  /// Removes a peer.
  func disconnect(_ id: PeerID) {
    forwarder.remote(of: id)?.close(into: outbox)
    forwarder.remove(id, at: MonotonicClock.now(), events: &pendingEvents)
    sessions[id] = nil
  }

  private static func parse(_ offer: MediaOffer) throws(MediaError) -> SessionDescription {
    do {
      return try SessionDescription(parsing: offer.sdp)
    } catch {
      throw .badOffer(error.description)
    }
  }

  private func makePlan(
    _ description: SessionDescription, _ offer: MediaOffer, _ id: PeerID,
    previous: NegotiatedSession?
  ) -> OfferPlan {
    var used = Set(forwarder.slots(of: id).map(\.ssrc))
    return OfferPlan(description, sources: offer.sources, previous: previous) {
      while true {
        let ssrc = forwarder.unusedSSRC(for: id)
        if used.insert(ssrc).inserted { return ssrc }
      }
    }
  }

  private func answer(
    _ offer: SessionDescription, _ plan: OfferPlan, _ credentials: ICECredentials,
    sessionID: UInt64, previous: NegotiatedSession?
  ) throws(MediaError) -> (SessionDescription, NegotiatedSession) {
    let fingerprint = Fingerprint(context.identity.fingerprint.description)
    let local = LocalTransport(
      iceUfrag: credentials.usernameFragment, icePwd: credentials.password,
      fingerprints: fingerprint.map { [$0] } ?? [], candidates: candidates.map(\.description))
    let builder = AnswerBuilder(local: local, policy: OfferPlan.policy, sessionID: sessionID)
    do {
      return try builder.answer(to: offer, plan: plan.sections, after: previous)
    } catch {
      throw .badOffer(error.description)
    }
  }

  private func makeRemote(
    _ credentials: ICECredentials, _ transport: NegotiatedTransport
  ) throws(MediaError) -> RemotePeer {
    let fingerprints = transport.fingerprints.compactMap { CertificateFingerprint($0.text) }
    guard !fingerprints.isEmpty else {
      throw .badOffer("no certificate fingerprint of a known kind")
    }
    var configuration = ICEAgent.Configuration()
    // An offer must not have a public server send to its own machine.
    configuration.acceptsLoopback = candidates.contains { $0.address.ip.isLoopback }
    var ice = ICEAgent(
      role: transport.isICELite ? .controlling : .controlled, credentials: credentials,
      configuration: configuration)
    for candidate in candidates {
      _ = ice.addLocalCandidate(candidate, base: base(of: candidate))
    }
    do {
      return try RemotePeer(
        ice: ice,
        security: .dtls(
          context, role: transport.localSetup == .active ? .client : .server,
          fingerprints: fingerprints))
    } catch {
      throw .badOffer("no handshake can be prepared: \(error)")
    }
  }

  /// An advertised address that is not this machine's leaves by whatever route there is.
  private func base(of candidate: ICECandidate) -> TransportAddress {
    socket.localAddress.ip.isUnspecified ? candidate.address : socket.localAddress
  }

  private static func transportSequenceID(_ negotiated: NegotiatedSession) -> UInt8 {
    for section in negotiated.sections where section.weReceive {
      if let agreed = section.headerExtension(HeaderExtension.transportWideCC), agreed.weReceive {
        return agreed.id
      }
    }
    return 0
  }

  /// What is advertised first, then this machine's own addresses: a client in the same network gets through
  /// where a router does not turn packets back. Who names both what to bind to and what to advertise gets
  /// just that.
  private static func candidates(
    _ configuration: MediaConfiguration, index: UInt16, port: UInt16
  ) throws(SystemError) -> [ICECandidate] {
    var addresses = configuration.advertised.compactMap { address -> TransportAddress? in
      if address.port == 0 { return TransportAddress(ip: address.ip, port: port) }
      let (own, overflow) = address.port.addingReportingOverflow(index)
      return overflow ? nil : TransportAddress(ip: address.ip, port: own)
    }
    var own: [IPAddress] = []
    if let host = configuration.host {
      if addresses.isEmpty { own = [host] }
    } else {
      let all = try NetworkInterface.all().filter { !$0.ip.isLinkLocal }
      let outward = all.filter { !$0.isLoopback }
      own = (outward.isEmpty ? all : outward).map(\.ip)
    }
    for ip in own where !addresses.contains(where: { $0.ip == ip }) {
      addresses.append(TransportAddress(ip: ip, port: port))
    }
    return addresses.prefix(16).enumerated().map { place, address in
      ICECandidate(address: address, localPreference: UInt16(65_535 - place))
    }
  }
}

extension MediaWorker {
  fileprivate static func credentials(
    of transport: NegotiatedTransport
  ) throws(MediaError) -> ICECredentials {
    guard
      let credentials = ICECredentials(
        usernameFragment: transport.iceUfrag, password: transport.icePwd)
    else { throw .badOffer("ICE credentials of a length or with characters RFC 8839 forbids") }
    return credentials
  }
}

extension RemotePeer {
  fileprivate func take(_ transport: NegotiatedTransport) throws(MediaError) {
    setRemote(
      try MediaWorker.credentials(of: transport),
      candidates: transport.candidates.compactMap { ICECandidate(parsing: $0) },
      isComplete: transport.hasEndOfCandidates)
  }
}
