import BWE
public import Cryptography
public import DTLS
public import ICE
public import RTP
public import SCTP
import SRTP
public import STUN
public import Wire

/// One remote peer on a shared socket: its path (ICE), its keys (DTLS) and its media (SRTP).
///
/// The owner hands in datagrams and times; answers leave by the outbox before each call returns, and plain media
/// packets are handed back for the owner to act on. Nothing but connectivity checks is looked at before
/// the address it came from has passed one, and no media before the certificate was verified.
public final class RemotePeer {
  /// Where keys come from.
  public enum Security {
    /// From a handshake with whoever holds a certificate of one of these fingerprints.
    case dtls(DTLSContext, role: DTLSEngine.Role, fingerprints: [CertificateFingerprint])
    /// As given: for simulations in which the same seed must give the same bytes.
    case injected(SRTPKeyingMaterial)
  }

  /// What happened to the connection.
  public enum Event: Sendable, Equatable {
    /// Datagrams from this path are the peer's from now on. Told again when the path is selected: then the
    /// peer has answered from there, and not only somebody with its password sent from there.
    case pathValidated(Path)
    /// These paths are not the peer's any longer.
    case pathsClosed([Path])
    /// Media can flow.
    case connected
    /// Nothing has been heard for some seconds.
    case interrupted
    /// The path is lost, which an ICE restart may cure; or, where `isEnded`, the keys are gone for good.
    case failed
    /// Something of the data channels, where they are enabled.
    case dataChannel(DataChannelSet.Event)
  }

  /// What a datagram was.
  public enum Received {
    /// A media packet, decrypted in place, and its length.
    case rtp(RTPPacket, byteCount: Int)
    /// A control packet, decrypted in place: its length.
    case rtcp(byteCount: Int)
    /// Part of finding the path or the keys.
    case handshake
    /// Not authentic, not well-formed, or too early.
    case rejected
  }

  /// Negotiated id of the transport-wide sequence number extension; 0 for none.
  public var transportSequenceID: UInt8 = 0
  /// The agent that finds the path: its role, state, candidates and statistics are there to be read.
  public internal(set) var ice: ICEAgent { didSet { mediaPath = ice.selectedPath } }
  /// The path of `ice`, for each packet that is sent: what others can see has its exclusivity checked.
  private(set) var mediaPath: Path?
  /// How far the handshake is.
  public internal(set) var securityState = SecurityState.new
  var dtls: DTLSEngine?
  var media: MediaKeys?
  var data: DataTransport?
  /// Whether data channels wait although there is a handshake: until an exchange has agreed on them.
  public var holdsDataChannels = false {
    didSet { if oldValue != holdsDataChannels { isWoken = true } }
  }
  var early = EarlyRecords()
  var handshakeOrigin = HandshakeOrigin.unknown
  /// Whether a path in use was proven to lead to the peer since there are keys.
  var hasProvenPlace = false
  /// Something was set without a time at hand; `advance` acts on it.
  var isWoken = false
  let maximumDatagramSize: Int
  var knownPaths: [Path] = []
  var hasReportedConnection = false
  var feedback = TransportFeedbackRecorder(senderSSRC: 1)
  /// When nothing came from the peer.
  public private(set) var outage = PathOutage()
  private var iceEvents: [ICEAgent.Event] = []
  var dtlsEvents: [DTLSEngine.Event] = []

  /// A peer that has no keys this long after it was secured is reported as failed: what ICE and a handshake may
  /// take together. An ICE restart gives it as much time again.
  public static let connectionTimeout = Duration.seconds(60)

  /// Whether the association is over: nothing is sent, taken or answered any longer.
  public private(set) var isEnded = false
  /// How long to wait for keys, once the time is known.
  enum Patience {
    case notBegun
    case until(Instant)
    case over

    var deadline: Instant? { if case .until(let end) = self { end } else { nil } }
  }

  var patience = Patience.notBegun

  /// Whether the time for keys has run out. An ICE restart gives more.
  public var hasGivenUp: Bool {
    if case .over = patience { securityState == .connecting } else { false }
  }

  /// A peer to be reached by `ice`; who it is to be, `secure` will say. Until then a path is looked for, and
  /// nothing more.
  public init(ice: ICEAgent, maximumDatagramSize: Int = 1200) {
    self.ice = ice
    mediaPath = ice.selectedPath
    self.maximumDatagramSize = maximumDatagramSize
  }

  /// A peer to be reached by `ice` and secured as `security` says.
  public convenience init(
    ice: ICEAgent, security: Security, maximumDatagramSize: Int = 1200
  ) throws(DTLSError) {
    self.init(ice: ice, maximumDatagramSize: maximumDatagramSize)
    try secure(security)
  }

  /// What the peer calls us by in its checks.
  public var localUsernameFragments: [STUNUsernameFragment] {
    [ice.localCredentials, ice.previousLocalCredentials].compactMap { credentials in
      credentials.flatMap { STUNUsernameFragment($0.usernameFragment) }
    }
  }

  /// Our credentials, for an answer.
  public var localCredentials: ICECredentials { ice.localCredentials }

  /// Whether media or data can be sent.
  public var isConnected: Bool {
    securityState == .connected && ice.selectedPath != nil && !isEnded
  }

  /// How far the search for a path is (W3C WebRTC §5.6.3), for those who ask after every packet: `ice` would be
  /// copied for its computed property.
  public var iceConnectionState: ICEAgent.ConnectionState { Self.connectionState(of: &ice) }

  private static func connectionState(of agent: inout ICEAgent) -> ICEAgent.ConnectionState {
    agent.connectionState
  }

  /// The round trip of the connectivity checks, smoothed; nil before one was answered.
  public var roundTripTime: Duration? { Self.roundTripTime(of: &ice) }

  private static func roundTripTime(of agent: inout ICEAgent) -> Duration? {
    agent.statistics.roundTripTime
  }

  /// The path media leaves by.
  public var selectedPath: Path? { isEnded ? nil : ice.selectedPath }

  /// When to call `advance`.
  public var deadline: Instant? {
    guard !isEnded else { return nil }
    if isWoken { return Instant(nanoseconds: .min) }
    var earliest = ice.deadline
    for other in [dtls?.deadline, feedback.deadline, patience.deadline] {
      if let other { earliest = min(earliest ?? other, other) }
    }
    if let data, let due = data.channels.deadline { earliest = min(earliest ?? due, due) }
    return earliest
  }

  /// When arrivals are to be reported next; media packets move it.
  public var feedbackDeadline: Instant? { feedback.deadline }

  /// The time from a packet's arrival to the report of it.
  public var feedbackInterval: Duration {
    get { feedback.interval }
    set { feedback.interval = newValue }
  }

  /// Takes one datagram that arrived by `path`; media is decrypted in place.
  public func receive(
    _ datagram: inout MutableSpan<UInt8>, on path: Path, at now: Instant, into outbox: Outbox,
    events: inout [Event]
  ) -> Received {
    guard !isEnded else { return .rejected }
    switch DatagramKind(of: datagram.span) {
    case .stun:
      ice.receive(datagram.span, on: path, at: now, into: outbox, events: &iceEvents)
      noteValidation(of: path, events: &events)
      settle(at: now, into: outbox, events: &events)
      return .handshake
    case .dtls:
      guard knownPaths.contains(path) else { return .rejected }
      guard let dtls else { return hold(datagram.span, on: path) }
      if securityState == .connecting { handshakeOrigin.note(path) }
      dtls.receive(datagram.span, on: path, at: now, into: outbox, events: &dtlsEvents)
      settle(at: now, into: outbox, events: &events)
      return .handshake
    case .rtp:
      return receiveRTP(&datagram, on: path, at: now)
    case .rtcp:
      guard let media, knownPaths.contains(path),
        let count = try? media.receiver.unprotectRTCP(&datagram)
      else { return .rejected }
      noteMedia(at: now)
      return .rtcp(byteCount: count)
    case .turnChannel, .unknown:
      return .rejected
    }
  }

  private func receiveRTP(
    _ datagram: inout MutableSpan<UInt8>, on path: Path, at now: Instant
  ) -> Received {
    guard let media, knownPaths.contains(path),
      let count = try? media.receiver.unprotect(&datagram),
      let packet = try? RTPPacket(parsing: datagram.span.extracting(first: count))
    else { return .rejected }
    noteMedia(at: now)
    if transportSequenceID != 0,
      let range = packet.header.extensionRange(id: transportSequenceID, in: datagram.span),
      let number = TransportSequenceNumber(parsing: datagram.span.extracting(range))
    {
      feedback.record(number.rawValue, ssrc: packet.header.ssrc, at: now)
    }
    return .rtp(packet, byteCount: count)
  }

  private func noteMedia(at now: Instant) {
    ice.noteMedia(at: now)
    if outage.hear(at: now) { feedback.passOverOutage() }
  }

  /// Fires every timer that is due.
  public func advance(to now: Instant, into outbox: Outbox, events: inout [Event]) {
    guard !isEnded else { return }
    if isWoken { wake(at: now, into: outbox, events: &events) }
    watchPatience(at: now, events: &events)
    if let due = ice.deadline, due <= now {
      ice.advance(to: now, into: outbox, events: &iceEvents)
    }
    if let dtls, let due = dtls.deadline, due <= now {
      dtls.advance(to: now, into: outbox, events: &dtlsEvents)
    }
    advanceData(to: now, into: outbox, events: &events)
    settle(at: now, into: outbox, events: &events)
    sendFeedback(at: now, into: outbox)
  }

  /// Tells that nothing can be sent by `path` any more: its connection could not be made or broke, or its socket is
  /// gone.
  public func pathFailed(
    _ path: Path, at now: Instant, into outbox: Outbox, events: inout [Event]
  ) {
    guard !isEnded else { return }
    ice.pathFailed(path, at: now, into: outbox, events: &iceEvents)
    settle(at: now, into: outbox, events: &events)
  }

  /// Ends the association and tells the other side.
  public func close(into outbox: Outbox) {
    guard !isEnded else { return }
    closeData(into: outbox)
    dtls?.close(into: outbox)
    end(.closed)
    data = nil
  }

  private func watchPatience(at now: Instant, events: inout [Event]) {
    switch patience {
    case .notBegun where securityState == .new: break
    case .notBegun:
      patience = securityState == .connected ? .over : .until(now + Self.connectionTimeout)
    case .until(let end) where end <= now:
      patience = .over
      if ice.state != .failed { events.append(.failed) }
    case .until, .over: break
    }
  }

  func end(_ state: SecurityState) {
    isEnded = true
    securityState = state
    media = nil
    dtls = nil
    early = EarlyRecords()
    hasReportedConnection = false
  }

  func fail(_ state: SecurityState, events: inout [Event]) {
    end(state)
    abandonData(events: &events)
    events.append(.failed)
  }

  /// A path is known from its first authentic check on; those that have gone stale are let go.
  private func noteValidation(of path: Path, events: inout [Event]) {
    guard !knownPaths.contains(path), ice.isValidated(path) else { return }
    knownPaths.append(path)
    events.append(.pathValidated(path))
    guard knownPaths.count > 8 else { return }
    let stale = knownPaths.filter { !ice.isValidated($0) }
    guard !stale.isEmpty else { return }
    knownPaths.removeAll { stale.contains($0) }
    early.forget(stale)
    events.append(.pathsClosed(stale))
  }

  /// Turns what the machines below reported into what the owner should know.
  private func settle(at now: Instant, into outbox: Outbox, events: inout [Event]) {
    for event in iceEvents { handle(event, at: now, into: outbox, events: &events) }
    iceEvents.removeAll(keepingCapacity: true)
    for event in dtlsEvents { handle(event, at: now, into: outbox, events: &events) }
    dtlsEvents.removeAll(keepingCapacity: true)
    if !hasReportedConnection, isConnected, ice.state == .connected {
      hasReportedConnection = true
      events.append(.connected)
    }
  }

  private func handle(
    _ event: ICEAgent.Event, at now: Instant, into outbox: Outbox, events: inout [Event]
  ) {
    switch event {
    case .selectedPathChanged(let path):
      noteValidation(of: path, events: &events)
      if knownPaths.contains(path) { events.append(.pathValidated(path)) }
      guard provesPlace(path) else { return fail(.failed, events: &events) }
      startHandshake(on: path, at: now, into: outbox)
    case .stateChanged(.disconnected):
      hasReportedConnection = false
      events.append(.interrupted)
    case .stateChanged(.failed):
      hasReportedConnection = false
      events.append(.failed)
    case .stateChanged:
      break
    }
  }
}
