import Cryptography
public import DTLS
import ICE
import Peer
import SDP
public import Wire

/// A connection to one other endpoint, with the semantics of the W3C's `RTCPeerConnection`: offer and answer,
/// transceivers, candidates and data channels as one machine.
///
/// Calls take effect at once; what the W3C does in a queue of operations is the owner's to queue. After each call
/// the owner sends what is in the outbox, takes the events, and calls `advance` at `deadline`. All m-sections
/// share one transport, and nothing is made before it is needed. docs/design/session.md says more.
public final class PeerSession {
  var configuration: SessionConfiguration
  let context: DTLSContext
  var random: RandomSource
  var exchange: OfferAnswer
  /// The other side: made with the first local description or data channel.
  var remote: RemotePeer?
  var gatherer: CandidateGatherer?
  /// What the association under way or in force belongs to.
  var associated: NegotiatedTransport.Association?
  /// Made with the first agreed m-section of sound or pictures.
  var media: MediaEngine?
  /// What was said of tracks before there was a media engine.
  var deliveries: [TransceiverID: MediaDelivery] = [:]
  var inbound = RemoteCandidates()
  /// The generation whose candidates are told at present.
  var toldUfrag: String?
  /// Candidates that the agent has.
  var pairedCount = 0
  /// Whether `setServers` is still to come: candidates are told meanwhile, their end is not.
  public var awaitsServers = false
  var isClosed = false
  var events: [SessionEvent] = []
  /// What is under way between calls, so that capacity is kept.
  var remoteEvents: [RemotePeer.Event] = []
  var gathererEvents: [CandidateGatherer.Event] = []
  /// What went both ways.
  var traffic = TrafficMeter()
  /// What leaves by relays, before it is wrapped.
  let inner = Outbox(byteCapacity: 0)

  /// How far gathering is.
  public internal(set) var iceGatheringState = ICEGatheringState.new
  /// How the search for a path is.
  public internal(set) var iceConnectionState = ICEConnectionState.new
  /// How the session as a whole is.
  public internal(set) var connectionState = PeerConnectionState.new

  /// A session at rest, which shows the certificate of `context`.
  ///
  /// A seeded `random` makes every run the same but for the handshake.
  public init(
    configuration: SessionConfiguration = SessionConfiguration(), context: DTLSContext,
    random: RandomSource = .system
  ) {
    self.configuration = configuration
    self.context = context
    self.random = random
    let policy = configuration.media.limiting(
      MediaPolicy(
        audio: configuration.audioCodecs, video: configuration.videoCodecs,
        headerExtensions: configuration.headerExtensions, data: configuration.dataChannels))
    let name = ICECredentials.random(using: &self.random).password
    exchange = OfferAnswer(
      terms: .init(
        policy: policy, fingerprints: [Fingerprint(context.identity.fingerprint)],
        takesSimulcast: configuration.receivesSimulcast,
        iceOptions: ["trickle", "ice2"] + (configuration.usesRenomination ? ["renomination"] : []),
        cname: name,
        // RFC 8829 §5.2.1: a number of 62 bits that is not 0.
        sessionID: (self.random.next() >> 2) | 1),
      random: self.random)
    _ = self.random.next()
    exchange.wantsData = configuration.alwaysNegotiatesDataChannels
  }

  /// How far offer and answer are.
  public var signalingState: SignalingState { isClosed ? .closed : exchange.state }

  /// Whether an offer should be made once the state is stable. Ask again before acting on `negotiationNeeded`.
  public var isNegotiationNeeded: Bool { !isClosed && exchange.isNegotiationNeeded }

  /// The transceivers that are not over, in order of their making.
  public var transceivers: [Transceiver] { exchange.transceivers }

  /// What happened since the last call, in order.
  public func takeEvents() -> [SessionEvent] {
    // Keeping memory that is given away would mean to allocate as much again each time.
    defer { events = [] }
    return events
  }

  /// When to call `advance`; nil where there is nothing to wait for. After `close` it is the farewell to servers that
  /// may have to be repeated.
  public var deadline: Instant? {
    [remote?.deadline, gatherer?.deadline, media?.deadline].compactMap(\.self).min()
  }

  /// Ends everything, and tells the other side and the servers (W3C WebRTC §4.4.1.10). Nothing follows.
  public func close(at now: Instant, into outbox: Outbox) {
    guard !isClosed else { return }
    isClosed = true
    if let remote {
      send(at: now, into: outbox) { inner in
        media?.close(into: inner)
        remote.close(into: inner)
      }
      report(&remoteEvents)
    }
    gatherer?.close(at: now, into: outbox)
    remote = nil
    if gatherer?.deadline == nil { gatherer = nil }
    media = nil
    exchange.close()
    // The W3C fires nothing for what the owner did itself; states are there to be asked.
    iceConnectionState = .closed
    connectionState = .closed
    events.removeAll()
  }

  func checkOpen(_ call: String) throws(SessionError) {
    guard !isClosed else { throw .invalidState(.closed, call) }
  }
}
