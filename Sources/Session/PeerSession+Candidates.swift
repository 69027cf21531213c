public import ICE
public import Peer
import SDP
public import Wire

/// A candidate of ours that needs no gathering.
public struct OwnCandidate: Sendable, Hashable {
  /// The candidate.
  public var candidate: ICECandidate
  /// The address its packets leave from.
  public var base: TransportAddress

  /// A candidate whose packets leave from `base`.
  public init(_ candidate: ICECandidate, base: TransportAddress) {
    self.candidate = candidate
    self.base = base
  }
}

extension PeerSession {
  /// Says which servers to ask, for owners that look up their names meanwhile. It has effect on later `addBases`.
  public func setServers(_ servers: [CandidateGatherer.Server]) {
    configuration.servers = servers
    awaitsServers = false
  }

  /// The server that a path leads to, where it is a TURN server's: what goes there is STUN, and the name in its URL
  /// is who has to answer.
  public func turnServer(on path: Path) -> CandidateGatherer.Server? {
    gatherer?.turnServer(on: path)
  }

  /// Hands in the addresses that sockets are bound to: the answer to `gatheringNeeded`. Later ones, such as those
  /// of another network, may be added at any time.
  ///
  /// `others` are candidates the owner knows besides, such as TCP ones and addresses of a translator's outside.
  public func addBases(
    _ bases: [TransportAddress], others: [OwnCandidate] = [], at now: Instant, into outbox: Outbox
  ) {
    guard !isClosed else { return }
    let gatherer = makeGatherer()
    for other in others {
      gatherer.add(other.candidate, base: other.base, events: &gathererEvents)
    }
    gatherer.start(
      bases: bases, servers: configuration.servers, at: now, into: outbox,
      events: &gathererEvents)
    noteGathered(at: now, into: outbox)
    settle(at: now, into: outbox)
    advance(to: now, into: outbox)
  }

  private func makeGatherer() -> CandidateGatherer {
    if let gatherer { return gatherer }
    var options = CandidateGatherer.Options()
    options.usesRelaysOnly = configuration.usesRelaysOnly
    options.includesLoopback = configuration.includesLoopback
    let made = CandidateGatherer(options: options, random: random.split())
    gatherer = made
    return made
  }

  /// Begins gathering for the generation of the local description, if it is another (RFC 8829 §3.5.1).
  func gather(at now: Instant, into outbox: Outbox) {
    let ufrag = exchange.local?.iceUfrag
    guard ufrag != toldUfrag else { return }
    toldUfrag = ufrag
    guard let ufrag else { return exchange.local == nil ? setGathering(.new) : () }
    exchange.gathered = (ufrag, [], false)
    setGathering(.gathering)
    // What is known already holds for the new generation too.
    for known in gatherer?.candidates ?? [] { tell(known.candidate) }
    events.append(.gatheringNeeded)
  }

  private func setGathering(_ state: ICEGatheringState) {
    guard iceGatheringState != state else { return }
    iceGatheringState = state
    events.append(.iceGatheringStateChanged(state))
  }

  /// Passes on what the gatherer found.
  func noteGathered(at now: Instant, into outbox: Outbox) {
    for event in gathererEvents where !isClosed {
      switch event {
      case .candidate(let candidate, let base):
        makeRemote().addLocalCandidate(candidate, base: base)
        tell(candidate)
      case .serverFailed(let server, let code, let reason):
        events.append(.candidateError(url: server.url, code: code, reason: reason))
      case .finished: tellEnd()
      }
    }
    gathererEvents.removeAll(keepingCapacity: true)
  }

  private func tell(_ candidate: ICECandidate) {
    guard let toldUfrag else { return }
    var told = candidate
    if configuration.usesRelaysOnly {
      // RFC 8828 §5.2: where a relay hides the address, its candidate must not tell it.
      told.relatedAddress = TransportAddress(ip: IPAddress(0, 0, 0, 0), port: 0)
    }
    exchange.gathered?.lines.append("\(told)")
    told.usernameFragment = toldUfrag
    events.append(.candidate(signalled("\(told)")))
  }

  private func tellEnd() {
    guard toldUfrag != nil, iceGatheringState == .gathering, !awaitsServers else { return }
    exchange.gathered?.isComplete = true
    remote?.setLocalCandidatesComplete()
    events.append(.endOfCandidates(signalled("")))
    setGathering(.complete)
  }

  /// Candidates belong to the section that holds the transport.
  private func signalled(_ line: String) -> CandidateInit {
    let sdp = exchange.local?.sdp
    let mid = sdp?.bundle?.first ?? sdp?.mediaSections.first?.mid
    let place = sdp?.mediaSections.firstIndex { $0.mid == mid }
    return CandidateInit(
      candidate: line, sdpMid: mid, sdpMLineIndex: place, usernameFragment: toldUfrag)
  }
}

extension PeerSession {
  /// Adds a candidate of the other side; nil or an empty one says that no more will come (W3C WebRTC §4.4.1.7).
  ///
  /// One that comes before the remote description waits for it; at most 64 do.
  public func addICECandidate(
    _ candidate: CandidateInit?, at now: Instant, into outbox: Outbox
  ) throws(SessionError) {
    try checkOpen("addIceCandidate")
    let candidate = candidate ?? CandidateInit(candidate: "")
    if !candidate.candidate.isEmpty, candidate.sdpMid == nil, candidate.sdpMLineIndex == nil {
      throw .invalidArgument("a candidate needs sdpMid or sdpMLineIndex")
    }
    guard exchange.remote != nil else {
      guard inbound.queue(candidate) else { throw .limitReached("early candidates") }
      return
    }
    try take(candidate)
    applyRemoteCandidates(at: now, into: outbox)
    settle(at: now, into: outbox)
    advance(to: now, into: outbox)
  }

  /// Candidates that were faster than their description. What does not fit it is dropped.
  func addEarlyCandidates() {
    guard exchange.remote != nil else { return }
    inbound.keep(knownUfrags())
    for candidate in inbound.takeEarly() { try? take(candidate) }
  }

  /// The generations that remote descriptions speak of, the newest last.
  private func knownUfrags() -> Set<String> {
    let descriptions = [exchange.currentRemote, exchange.pendingRemote].compactMap { $0?.sdp }
    return Set(descriptions.flatMap(Self.ufrags))
  }

  private static func ufrags(of sdp: SessionDescription) -> [String] {
    (sdp.mediaSections.map(\.iceUfrag) + [sdp.iceUfrag]).compactMap(\.self)
  }

  private func take(_ candidate: CandidateInit) throws(SessionError) {
    guard let sdp = exchange.remote?.sdp else { return }
    let place = try place(of: candidate, in: sdp)
    let section = place.map { sdp.mediaSections[$0] }
    let own = section?.iceUfrag ?? Self.ufrags(of: sdp).first
    guard let ufrag = candidate.usernameFragment ?? own else {
      throw .candidate("no generation is known")
    }
    let known = knownUfrags()
    guard known.contains(ufrag) else { throw .candidate("its generation is unknown") }
    // Only the first section of a group has a transport; what others gather is of no use once bundled.
    let others = sdp.bundle?.dropFirst() ?? []
    let isSpare = section?.mid.map(others.contains) ?? false
    guard !candidate.candidate.isEmpty else {
      if !isSpare { inbound.complete(ufrag) }
      return
    }
    do throws(ICECandidateError) {
      if case .candidate(let parsed) = try ICECandidate.parse(candidate.candidate),
        let named = parsed.usernameFragment, !known.contains(named)
      {
        throw .malformed
      }
    } catch {
      guard error == .malformed else { return }
      throw .candidate("it is malformed or of an unknown generation")
    }
    var entry = RemoteCandidates.Entry(
      line: Self.bare(candidate.candidate), iceUfrag: ufrag, mid: section?.mid, place: place)
    entry.isTaken = isSpare
    guard inbound.add(entry) else { throw .limitReached("candidates") }
  }

  private func place(
    of candidate: CandidateInit, in sdp: SessionDescription
  ) throws(SessionError) -> Int? {
    let place: Int?
    if let mid = candidate.sdpMid {
      place = sdp.mediaSections.firstIndex { $0.mid == mid }
    } else if let index = candidate.sdpMLineIndex {
      place = sdp.mediaSections.indices.contains(index) ? index : nil
    } else {
      return nil
    }
    guard let place else { throw .candidate("there is no such m-section") }
    return place
  }

  private static func bare(_ line: String) -> String {
    var text = Substring(line)
    if text.hasPrefix("a=") { text = text.dropFirst(2) }
    if text.hasPrefix("candidate:") { text = text.dropFirst(10) }
    return String(text.prefix { $0 != "\r" && $0 != "\n" && $0 != "\r\n" })
  }

  /// Gives the agent what belongs to the generation it knows.
  func applyRemoteCandidates(at now: Instant, into outbox: Outbox) {
    guard let ufrag = exchange.agreement?.session.transport?.iceUfrag, let remote,
      remote.remoteCredentials?.usernameFragment == ufrag
    else { return }
    for line in inbound.takeLines(of: ufrag) { addRemote(line, at: now, into: outbox) }
    if inbound.completed.contains(ufrag), inbound.names.isEmpty {
      remote.setRemoteCandidatesComplete()
    }
  }

  /// Gives the agent one line, or asks for the name in it. What cannot be used is passed over.
  func addRemote(
    _ line: String, resolvingNameTo address: IPAddress? = nil, at now: Instant, into outbox: Outbox
  ) {
    switch try? ICECandidate.parse(line, resolvingNameTo: address) {
    case .candidate(let candidate):
      guard let remote, remote.addRemoteCandidate(candidate) else { return }
      gatherer?.permit(candidate.address, at: now, into: outbox)
    case .unresolvable(let name):
      if inbound.wait(for: name, line) { events.append(.resolveName(name)) }
    case nil: break
    }
  }

  /// The answer to `resolveName`; no address where there is none.
  public func resolved(
    _ name: String, to address: IPAddress?, at now: Instant, into outbox: Outbox
  ) {
    guard !isClosed else { return }
    for line in inbound.takeLines(waitingFor: name) {
      guard let address else { continue }
      addRemote(line, resolvingNameTo: address, at: now, into: outbox)
    }
    applyRemoteCandidates(at: now, into: outbox)
    settle(at: now, into: outbox)
    advance(to: now, into: outbox)
  }
}
