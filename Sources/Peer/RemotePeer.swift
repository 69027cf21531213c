import BWE
public import Cryptography
public import DTLS
public import ICE
public import RTP
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
  var ice: ICEAgent
  var dtls: DTLSEngine?
  var media: MediaKeys?
  var knownPaths: [Path] = []
  var hasReportedConnection = false
  var feedback = TransportFeedbackRecorder(senderSSRC: 1)
  private var iceEvents: [ICEAgent.Event] = []
  private var dtlsEvents: [DTLSEngine.Event] = []

  /// A peer that has no keys after this time is reported as failed: what ICE and a handshake may take together.
  /// An ICE restart gives it as much time again.
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

  /// A peer to be reached by `ice` and secured as `security` says.
  public init(ice: ICEAgent, security: Security, maximumDatagramSize: Int = 1200) throws(DTLSError)
  {
    self.ice = ice
    switch security {
    case .dtls(let context, let role, let fingerprints):
      dtls = try DTLSEngine(
        context: context, role: role, expectedFingerprints: fingerprints,
        maximumDatagramSize: maximumDatagramSize)
    case .injected(let keys):
      guard let prepared = try? MediaKeys(keys) else { throw .libraryFailed }
      media = prepared
    }
  }

  /// What the peer calls us by in its checks.
  public var localUsernameFragments: [STUNUsernameFragment] {
    [ice.localCredentials, ice.previousLocalCredentials].compactMap { credentials in
      credentials.flatMap { STUNUsernameFragment($0.usernameFragment) }
    }
  }

  /// Our credentials, for an answer.
  public var localCredentials: ICECredentials { ice.localCredentials }

  /// Whether media can be sent.
  public var isConnected: Bool { media != nil && ice.selectedPath != nil && !isEnded }

  /// The path media leaves by.
  public var selectedPath: Path? { isEnded ? nil : ice.selectedPath }

  /// When to call `advance`.
  public var deadline: Instant? {
    guard !isEnded else { return nil }
    var earliest = ice.deadline
    for other in [dtls?.deadline, feedback.deadline, patience.deadline] {
      if let other { earliest = min(earliest ?? other, other) }
    }
    return earliest
  }

  /// When arrivals are to be reported next; media packets move it.
  public var feedbackDeadline: Instant? { feedback.deadline }

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
      guard let dtls, knownPaths.contains(path) else { return .rejected }
      dtls.receive(datagram.span, on: path, at: now, into: outbox, events: &dtlsEvents)
      settle(at: now, into: outbox, events: &events)
      return .handshake
    case .rtp:
      return receiveRTP(&datagram, on: path, at: now)
    case .rtcp:
      guard let media, knownPaths.contains(path),
        let count = try? media.receiver.unprotectRTCP(&datagram)
      else { return .rejected }
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
    if transportSequenceID != 0,
      let range = packet.header.extensionRange(id: transportSequenceID, in: datagram.span),
      let number = TransportSequenceNumber(parsing: datagram.span.extracting(range))
    {
      feedback.record(number.rawValue, ssrc: packet.header.ssrc, at: now)
    }
    return .rtp(packet, byteCount: count)
  }

  /// Fires every timer that is due.
  public func advance(to now: Instant, into outbox: Outbox, events: inout [Event]) {
    guard !isEnded else { return }
    watchPatience(at: now, events: &events)
    if let due = ice.deadline, due <= now {
      ice.advance(to: now, into: outbox, events: &iceEvents)
    }
    if let dtls, let due = dtls.deadline, due <= now {
      dtls.advance(to: now, into: outbox, events: &dtlsEvents)
    }
    settle(at: now, into: outbox, events: &events)
    sendFeedback(at: now, into: outbox)
  }

  /// Ends the association and tells the other side.
  public func close(into outbox: Outbox) {
    guard !isEnded else { return }
    dtls?.close(into: outbox)
    end()
  }

  private func watchPatience(at now: Instant, events: inout [Event]) {
    switch patience {
    case .notBegun: patience = media == nil ? .until(now + Self.connectionTimeout) : .over
    case .until(let end) where end <= now:
      patience = .over
      if ice.state != .failed { events.append(.failed) }
    case .until, .over: break
    }
  }

  private func end() {
    isEnded = true
    media = nil
    dtls = nil
    hasReportedConnection = false
  }

  private func fail(events: inout [Event]) {
    end()
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
    events.append(.pathsClosed(stale))
  }

  /// Turns what the machines below reported into what the owner should know.
  private func settle(at now: Instant, into outbox: Outbox, events: inout [Event]) {
    for event in iceEvents { handle(event, at: now, into: outbox, events: &events) }
    iceEvents.removeAll(keepingCapacity: true)
    for event in dtlsEvents { handle(event, events: &events) }
    dtlsEvents.removeAll(keepingCapacity: true)
    if !hasReportedConnection, isConnected, ice.state != .disconnected {
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
      dtls?.path = path
      if let dtls, dtls.role == .client {
        dtls.start(on: path, at: now, into: outbox, events: &dtlsEvents)
      }
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

  private func handle(_ event: DTLSEngine.Event, events: inout [Event]) {
    switch event {
    case .connected(let keys):
      guard let keys, let prepared = try? MediaKeys(keys) else { return fail(events: &events) }
      media = prepared
      patience = .over
    case .failed, .closed:
      fail(events: &events)
    case .applicationData:
      break
    }
  }
}

/// Both directions' prepared keys.
final class MediaKeys {
  var sender: SRTPSender
  var receiver: SRTPReceiver

  init(_ keys: SRTPKeyingMaterial) throws(SRTPError) {
    sender = try SRTPSender(keys)
    receiver = try SRTPReceiver(keys)
  }
}
