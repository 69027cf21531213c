public import Cryptography
public import DTLS
import ICE
import SRTP
import Wire

extension RemotePeer {
  /// How far the handshake is (W3C WebRTC §5.5.1).
  public enum SecurityState: String, Sendable, Hashable {
    /// Nobody has begun.
    case new
    /// Under way, or waiting for a path.
    case connecting
    /// The other side is who it should be.
    case connected
    /// Ended by us or by the other side.
    case closed
    /// The other side is somebody else, or there was none.
    case failed
  }

  /// Says who the peer is to be and which side speaks first. The first call counts.
  ///
  /// The handshake begins with the next `advance`, which is due at once.
  public func secure(_ security: Security) throws(DTLSError) {
    guard securityState == .new, !isEnded else { return }
    switch security {
    case .dtls(let context, let role, let fingerprints):
      dtls = try DTLSEngine(
        context: context, role: role, expectedFingerprints: fingerprints,
        maximumDatagramSize: maximumDatagramSize)
      securityState = .connecting
    case .injected(let keys):
      guard let prepared = try? MediaKeys(keys) else { throw .libraryFailed }
      media = prepared
      securityState = .connected
    }
    isWoken = true
  }

  /// Ends the association without telling the other side, which knows by other means. Nothing follows.
  public func abandon(events: inout [Event]) {
    guard !isEnded else { return }
    abandonData(events: &events)
    if !knownPaths.isEmpty { events.append(.pathsClosed(knownPaths)) }
    knownPaths = []
    end(.closed)
  }

  /// The side we have in the handshake, once that is known.
  public var dtlsRole: DTLSEngine.Role? { dtls?.role }

  /// How media is protected; nil before there are keys.
  public var protectionProfile: SRTPProtectionProfile? { media?.profile }

  /// Datagrams kept for a handshake that we cannot take part in yet.
  public var heldDatagramCount: Int { early.count }

  /// Keeps a datagram of a handshake that we cannot take part in yet.
  func hold(_ datagram: Span<UInt8>, on path: Path) -> Received {
    securityState == .new && early.hold(datagram, on: path) ? .handshake : .rejected
  }

  /// Acts on what was set since the last call.
  func wake(at now: Instant, into outbox: Outbox, events: inout [Event]) {
    isWoken = false
    if let path = ice.selectedPath { startHandshake(on: path, at: now, into: outbox) }
    if let dtls {
      for (path, bytes) in early.takeAll() {
        handshakeOrigin.note(path)
        dtls.receive(bytes.span, on: path, at: now, into: outbox, events: &dtlsEvents)
      }
    }
    startData(at: now, into: outbox, events: &events)
  }

  /// Sends the handshake by `path` from now on, and its first flight if it is ours to send.
  func startHandshake(on path: Path, at now: Instant, into outbox: Outbox) {
    guard let dtls else { return }
    dtls.path = path
    if dtls.role == .client { dtls.start(on: path, at: now, into: outbox, events: &dtlsEvents) }
  }

  /// Whether the peer receives what is sent by `path`, the first with which there are keys. Later ones are ICE's
  /// to judge.
  ///
  /// It answered a check there; or, for those that ask and answer nothing, the whole handshake went back and forth
  /// there. Otherwise somebody with keys could point what we send at an address that has nothing to do with it.
  func provesPlace(_ path: Path) -> Bool {
    guard let dtls, dtls.isConnected, !hasProvenPlace else { return true }
    hasProvenPlace = ice.hasAnswered(path) || handshakeOrigin == .one(path)
    return hasProvenPlace
  }

  func handle(
    _ event: DTLSEngine.Event, at now: Instant, into outbox: Outbox, events: inout [Event]
  ) {
    switch event {
    case .connected(let keys):
      media = keys.flatMap { try? MediaKeys($0) }
      // Keys for media are needed where nothing but media is to be carried.
      guard media != nil || (keys == nil && data != nil) else {
        return fail(.failed, events: &events)
      }
      securityState = .connected
      patience = .over
      if let path = ice.selectedPath, !provesPlace(path) { return fail(.failed, events: &events) }
      startData(at: now, into: outbox, events: &events)
    case .failed: fail(.failed, events: &events)
    case .closed: fail(.closed, events: &events)
    case .applicationData(let packet): receiveData(packet, at: now, into: outbox, events: &events)
    }
  }
}

/// Where the datagrams of a handshake came from.
enum HandshakeOrigin: Equatable {
  case unknown
  case one(Path)
  case several

  mutating func note(_ path: Path) {
    switch self {
    case .unknown: self = .one(path)
    case .one(path), .several: break
    case .one: self = .several
    }
  }
}

/// Both directions' prepared keys.
final class MediaKeys {
  let profile: SRTPProtectionProfile
  var sender: SRTPSender
  var receiver: SRTPReceiver

  init(_ keys: SRTPKeyingMaterial) throws(SRTPError) {
    profile = keys.profile
    sender = try SRTPSender(keys)
    receiver = try SRTPReceiver(keys)
  }
}
