import ICE
import SDP
public import Wire

extension PeerSession {
  /// An offer of everything as it is now (RFC 8829 §5.2); it takes effect with `setLocalDescription`.
  public func createOffer(
    _ options: OfferOptions = OfferOptions()
  ) throws(SessionError) -> SessionDescriptionText {
    try checkOpen("createOffer")
    let created = try exchange.createOffer(options)
    return SessionDescriptionText(kind: .offer, sdp: created.text)
  }

  /// An answer to the remote offer (RFC 8829 §5.3); it takes effect with `setLocalDescription`.
  public func createAnswer() throws(SessionError) -> SessionDescriptionText {
    try checkOpen("createAnswer")
    let created = try exchange.createAnswer()
    return SessionDescriptionText(kind: .answer, sdp: created.text)
  }

  /// Sets what was created, or, where it is nil or its text is empty, what fits the state (W3C WebRTC §4.4.1.4).
  public func setLocalDescription(
    _ description: SessionDescriptionText?, at now: Instant, into outbox: Outbox
  ) throws(SessionError) {
    try checkOpen("setLocalDescription")
    var next = exchange
    try next.setLocal(description)
    exchange = next
    follow(at: now, into: outbox)
  }

  /// Sets what the other side sent (RFC 8829 §5.10). An offer takes back one of ours that waits for its answer.
  public func setRemoteDescription(
    _ description: SessionDescriptionText, at now: Instant, into outbox: Outbox
  ) throws(SessionError) {
    try checkOpen("setRemoteDescription")
    var next = exchange
    try next.setRemote(description)
    exchange = next
    follow(at: now, into: outbox)
  }

  /// Has the next offer begin another search for a path (W3C WebRTC §4.4.3).
  public func restartICE() {
    guard !isClosed else { return }
    change { $0.restartICE() }
  }

  /// Looks again whether an offer should be made; for the owner whose queue of calls has become empty.
  public func updateNegotiationNeeded() {
    guard !isClosed else { return }
    change { $0.updateNegotiationNeeded() }
  }

  /// A change that no exchange follows at once.
  func change<Result>(
    _ body: (inout OfferAnswer) throws(SessionError) -> Result
  ) throws(SessionError) -> Result {
    let result = try body(&exchange)
    events += exchange.events
    exchange.events.removeAll()
    return result
  }

  /// As above, for what cannot fail.
  func change(_ body: (inout OfferAnswer) -> Void) {
    body(&exchange)
    events += exchange.events
    exchange.events.removeAll()
  }

  private func text(_ description: OfferAnswer.Description?, isLocal: Bool)
    -> SessionDescriptionText?
  {
    guard let description else { return nil }
    var sdp = description.sdp
    if isLocal {
      if let told = exchange.gathered, told.iceUfrag == description.iceUfrag {
        sdp.setCandidates(told.lines, isComplete: told.isComplete)
      }
    } else {
      inbound.write(into: &sdp)
    }
    return SessionDescriptionText(kind: description.kind, sdp: sdp.description)
  }

  /// The local description that waits or is in force, with the candidates known by now.
  public var localDescription: SessionDescriptionText? { text(exchange.local, isLocal: true) }

  /// The remote description that waits or is in force, with the candidates added since.
  public var remoteDescription: SessionDescriptionText? { text(exchange.remote, isLocal: false) }

  /// The local description in force.
  public var currentLocalDescription: SessionDescriptionText? {
    text(exchange.currentLocal, isLocal: true)
  }

  /// The local description that waits.
  public var pendingLocalDescription: SessionDescriptionText? {
    text(exchange.pendingLocal, isLocal: true)
  }

  /// The remote description in force.
  public var currentRemoteDescription: SessionDescriptionText? {
    text(exchange.currentRemote, isLocal: false)
  }

  /// The remote description that waits.
  public var pendingRemoteDescription: SessionDescriptionText? {
    text(exchange.pendingRemote, isLocal: false)
  }
}
