public import Cryptography
public import Wire

/// One DTLS 1.2 association (RFC 6347) that yields SRTP keys (RFC 5764) and carries datagrams.
///
/// Every call takes the time, appends what is to be sent to an `Outbox` and what happened to a
/// list of events, and leaves nothing to ask for but `deadline`. It belongs to the thread of its
/// context. No key and no application data leave it before the other side has proved that it holds
/// the certificate of an expected fingerprint.
public final class DTLSEngine {
  /// Who speaks first.
  public enum Role: Sendable {
    /// Speaks first: `a=setup:active`.
    case client
    /// Waits: `a=setup:passive`.
    case server
  }

  /// What happened. After `failed` and `closed` comes nothing more.
  public enum Event: Sendable, Equatable {
    /// The other side is who it should be; no keys if it wanted no SRTP.
    case connected(SRTPKeyingMaterial?)
    /// One datagram of the other side's.
    case applicationData([UInt8])
    /// There is no association, or no longer one.
    case failed(DTLSError)
    /// The other side has ended it.
    case closed
  }

  enum State: Equatable {
    case idle
    case handshaking(until: Instant)
    /// Done, but nobody has said yet which fingerprint to expect.
    case unverified(until: Instant)
    case connected
    case ended
  }

  /// A handshake that takes longer has failed.
  public static let handshakeTimeout: Duration = .seconds(30)
  /// How long a handshake may still get on after a plaintext alert said that it is over.
  static let alertGrace: Duration = .seconds(5)
  /// OpenSSL's record buffers go back after so long a pause.
  static let bufferPause: Duration = .milliseconds(20)
  /// What DTLS adds to each message: record header, explicit nonce and tag (RFC 5288 §3).
  static let recordOverheadByteCount =
    DTLSRecord.headerByteCount + DTLSRecord.protectionByteCount

  /// Which side this is.
  public let role: Role
  /// The longest datagram sent, in bytes.
  public let maximumDatagramSize: Int
  /// Where datagrams leave: the path of the last one taken in, unless the owner knows better.
  public var path: Path?
  /// When to call `advance`; `nil` for never.
  public internal(set) var deadline: Instant?

  var state = State.idle
  var session: OpenSSLSession?
  var gate: RecordGate
  var repeater = FlightRepeater()
  /// The alert that came in plaintext, when to believe it, and the step it came at.
  var doubt: (error: DTLSError, until: Instant, step: UInt32)?
  private var retransmissionDeadline: Instant?
  /// When a record was last taken in.
  var lastRecordAt: Instant?
  /// Until then the record buffers are kept; `nil` where there are none.
  var buffersUntil: Instant?
  let context: DTLSContext

  /// An engine at rest. A server waits for `receive`, a client for `start`.
  ///
  /// Until `expectedFingerprints` are known (`nil`) a handshake runs but connects nobody. A server
  /// picks the first of `srtpProfiles` that the client offers. `maximumDatagramSize` is kept
  /// between 256 and 4096.
  public init(
    context: DTLSContext, role: Role, expectedFingerprints: [CertificateFingerprint]? = nil,
    srtpProfiles: [SRTPProtectionProfile] = [
      .aeadAES256GCM, .aeadAES128GCM, .aesCM128HMACSHA1Tag80,
    ], maximumDatagramSize: Int = 1200
  ) throws(DTLSError) {
    self.context = context
    self.role = role
    self.maximumDatagramSize = Self.admissible(maximumDatagramSize)
    gate = RecordGate(fromServer: role == .client)
    let session = try OpenSSLSession(
      context: context, role: role, srtpProfiles: srtpProfiles,
      maximumDatagramSize: self.maximumDatagramSize)
    session.expectedFingerprints = expectedFingerprints
    self.session = session
  }

  /// Whether application data can be sent.
  public var isConnected: Bool { state == .connected }

  /// The longest application data that fits into one datagram, in bytes.
  public var maximumApplicationDataSize: Int {
    Self.maximumApplicationDataSize(inDatagramOf: maximumDatagramSize)
  }

  /// The longest application data that fits into a datagram of an engine that sends none longer than
  /// `byteCount`.
  public static func maximumApplicationDataSize(inDatagramOf byteCount: Int) -> Int {
    admissible(byteCount) - recordOverheadByteCount
  }

  private static func admissible(_ datagramSize: Int) -> Int { min(max(datagramSize, 256), 4096) }

  /// Sends a client's first flight by `path`; on a server it only sets the path.
  public func start(on path: Path, at now: Instant, into outbox: Outbox, events: inout [Event]) {
    self.path = path
    guard role == .client, state == .idle else { return }
    state = .handshaking(until: now + Self.handshakeTimeout)
    perform(at: now, into: outbox) { session in
      handle(session.continueHandshake(), session, at: now, events: &events)
    }
  }

  /// Takes in one datagram from the other side.
  public func receive(
    _ datagram: Span<UInt8>, on path: Path, at now: Instant, into outbox: Outbox,
    events: inout [Event]
  ) {
    guard session != nil, role == .server || state != .idle else { return }
    perform(at: now, into: outbox) { session in
      var reader = ByteReader(datagram)
      while let record = DTLSRecord(parsing: &reader), state != .ended {
        receive(record, on: path, session, at: now, events: &events)
      }
    }
  }

  /// Does what is due at `now`.
  public func advance(to now: Instant, into outbox: Outbox, events: inout [Event]) {
    switch state {
    case .idle, .ended: return
    case .handshaking(let end) where end <= now, .unverified(let end) where end <= now:
      return fail(.timedOut, events: &events)
    default: break
    }
    if let doubt, doubt.until <= now { return fail(doubt.error, events: &events) }
    if let retransmissionDeadline, retransmissionDeadline <= now {
      perform(at: now, into: outbox) { session in
        handle(session.retransmit(), session, at: now, events: &events)
      }
    }
    for datagram in repeater.takeDue(at: now) { transmit(datagram.span, into: outbox) }
    if let end = buffersUntil, end <= now {
      session?.releaseBuffers()
      buffersUntil = nil
    }
    updateDeadline(at: now)
  }

  /// Finds the next time that something is due.
  func updateDeadline(at now: Instant) {
    retransmissionDeadline = nil
    var earliest: Instant? = repeater.deadline
    func consider(_ instant: Instant) { earliest = min(earliest ?? instant, instant) }
    switch state {
    case .idle: break
    case .connected: if let buffersUntil { consider(buffersUntil) }
    case .ended: earliest = nil
    case .handshaking(let end):
      consider(end)
      if let doubt { consider(doubt.until) }
      if let remaining = session?.timeToRetransmission {
        retransmissionDeadline = now + remaining
        consider(now + remaining)
      }
    case .unverified(let end): consider(end)
    }
    deadline = earliest
  }
}
