import Cryptography
import DTLS
import ICE
import Peer
import SDP
public import STUN
public import Wire

extension PeerSession {
  /// What the other side calls us by in its checks: where many sessions share a socket, it tells whose a check is.
  public var localUsernameFragments: [STUNUsernameFragment] { remote?.localUsernameFragments ?? [] }

  /// The path in use.
  public var selectedPath: Path? { remote?.selectedPath }

  /// Takes one datagram that arrived by `path`; media is decrypted in place.
  public func receive(
    _ datagram: inout MutableSpan<UInt8>, on path: Path, at now: Instant, into outbox: Outbox
  ) {
    if let gatherer {
      let disposition = gatherer.receive(
        datagram.span, on: path, at: now, into: outbox, events: &gathererEvents)
      noteGathered(at: now, into: outbox)
      switch disposition {
      case .notMine: break
      case .consumed: return settle(at: now, into: outbox)
      case .relayed(let range, let relayed):
        let bytes = datagram.span.extracting(range)
        var copy = [UInt8](capacity: bytes.count) { $0.append(copying: bytes) }
        var part = copy.mutableSpan
        return take(&part, on: relayed, at: now, into: outbox)
      }
    }
    take(&datagram, on: path, at: now, into: outbox)
  }

  private func take(
    _ datagram: inout MutableSpan<UInt8>, on path: Path, at now: Instant, into outbox: Outbox
  ) {
    guard let remote, !datagram.isEmpty else { return }
    // Whoever wants only relays does not answer elsewhere either.
    if configuration.usesRelaysOnly, gatherer?.isRelayed(path) != true { return }
    let (firstByte, byteCount) = (datagram[0], datagram.count)
    var isRejected = false
    send(at: now, into: outbox) { inner in
      switch remote.receive(&datagram, on: path, at: now, into: inner, events: &remoteEvents) {
      case .rtp(let packet, let count):
        media?.receive(
          packet, in: datagram.span.extracting(first: count), outage: remote.outage, at: now)
      case .rtcp(let count):
        media?.receiveControl(datagram.span.extracting(first: count), at: now, into: inner)
      case .handshake: break
      case .rejected: isRejected = true
      }
    }
    if !isRejected {
      traffic.noteReceived(firstByte: firstByte, byteCount, on: path, at: now)
    }
    settle(at: now, into: outbox)
  }

  /// Fires every timer that is due.
  public func advance(to now: Instant, into outbox: Outbox) {
    if let gatherer, let due = gatherer.deadline, due <= now {
      gatherer.advance(to: now, into: outbox, events: &gathererEvents)
      noteGathered(at: now, into: outbox)
    }
    if let remote, let due = remote.deadline, due <= now {
      send(at: now, into: outbox) {
        remote.advance(to: now, into: $0, events: &remoteEvents)
      }
    }
    if let media, let due = media.deadline, due <= now {
      send(at: now, into: outbox) { media.advance(to: now, into: $0) }
    }
    settle(at: now, into: outbox)
  }

  /// Has `body` send; what leaves by relays is wrapped.
  func send(at now: Instant, into outbox: Outbox, _ body: (Outbox) -> Void) {
    guard let gatherer, gatherer.lendsRelays else {
      let count = outbox.datagrams.count
      body(outbox)
      return traffic.noteSent(in: outbox, since: count, at: now)
    }
    body(inner)
    traffic.noteSent(in: inner, since: 0, at: now)
    gatherer.route(inner, at: now, into: outbox)
    inner.removeAll()
  }

  /// Tells that the connection of a TCP or TLS path could not be made, or broke.
  public func pathFailed(_ path: Path, at now: Instant, into outbox: Outbox) {
    guard !isClosed else { return }
    gatherer?.pathFailed(path, at: now, into: outbox, events: &gathererEvents)
    noteGathered(at: now, into: outbox)
    if let remote {
      send(at: now, into: outbox) {
        remote.pathFailed(path, at: now, into: $0, events: &remoteEvents)
      }
    }
    settle(at: now, into: outbox)
  }

  /// Acts on a description that was set: transport, candidates, keys and media follow.
  func follow(at now: Instant, into outbox: Outbox) {
    events += exchange.events
    exchange.events.removeAll()
    if exchange.state == .stable, exchange.current?.session.transport == nil { dropRemote() }
    if exchange.local?.iceUfrag != nil { makeRemote() }
    if let isControlling = exchange.isControlling {
      remote?.setICERole(isControlling ? .controlling : .controlled)
    }
    gather(at: now, into: outbox)
    addEarlyCandidates()
    if let agreement = exchange.agreement, let transport = agreement.session.transport {
      connect(transport, credentials: agreement.credentials, at: now, into: outbox)
    }
    applyData(at: now, into: outbox)
    applyMedia()
    settle(at: now, into: outbox)
    advance(to: now, into: outbox)
  }

  /// Makes the other side's machine; it waits for credentials.
  @discardableResult
  func makeRemote() -> RemotePeer {
    if let remote { return remote }
    let role: ICEAgent.Role = exchange.isControlling ?? true ? .controlling : .controlled
    let agent = ICEAgent(
      role: role, credentials: exchange.credentials, configuration: configuration.ice,
      random: random.split())
    let made = RemotePeer(ice: agent, maximumDatagramSize: configuration.maximumDatagramSize)
    for known in gatherer?.candidates ?? [] {
      made.addLocalCandidate(known.candidate, base: known.base)
    }
    if iceGatheringState == .complete { made.setLocalCandidatesComplete() }
    remote = made
    return made
  }

  /// The last m-section is gone, and with it the transport. The other side knows by its own description.
  private func dropRemote() {
    guard exchange.current != nil, let old = remote else { return }
    remote = nil
    media = nil
    associated = nil
    remoteEvents = []
    // Channels that wait for their exchange will go over the next; others are over.
    if old.dataChannels != nil { makeRemote().adoptDataChannels(of: old) }
    old.abandon(events: &remoteEvents)
    report(&remoteEvents)
  }

  /// The other side shows another certificate: that is another association, and what went over the old one is
  /// over (RFC 8842 §4).
  private func replaceRemote() {
    guard let old = remote else { return }
    old.abandon(events: &remoteEvents)
    report(&remoteEvents)
    remote = nil
    media = nil
    makeRemote()
  }

  private func connect(
    _ transport: NegotiatedTransport, credentials: ICECredentials, at now: Instant,
    into outbox: Outbox
  ) {
    let theirs = ICECredentials(
      usernameFragment: transport.iceUfrag, password: transport.icePwd)
    guard let theirs else { return }
    if let associated, associated != transport.association {
      replaceRemote()
    }
    guard let remote else { return }
    associated = transport.association
    remote.setRemoteICE(
      isLite: transport.isICELite,
      usesRenomination: configuration.usesRenomination
        && transport.iceOptions.contains("renomination"))
    if remote.localCredentials != credentials { remote.restartICE(credentials: credentials) }
    if remote.remoteCredentials != theirs {
      remote.setRemote(theirs, candidates: [], isComplete: false)
    }
    for line in transport.candidates { addRemote(line, at: now, into: outbox) }
    if transport.hasEndOfCandidates { inbound.complete(theirs.usernameFragment) }
    applyRemoteCandidates(at: now, into: outbox)
    secure(transport, remote)
  }

  private func secure(_ transport: NegotiatedTransport, _ remote: RemotePeer) {
    guard remote.securityState == .new else { return }
    do throws(DTLSError) {
      try remote.secure(.dtls(context, transport))
    } catch {
      remoteEvents.append(.failed)
    }
  }
}

extension NegotiatedTransport {
  /// What a DTLS association belongs to (RFC 8842 §4).
  struct Association: Hashable {
    var fingerprints: Set<Fingerprint>
    var tlsID: String?
  }

  var association: Association {
    Association(fingerprints: Set(fingerprints), tlsID: tlsID)
  }
}
