public import Wire

/// One media connection: a participant's, a WHIP publisher's or a WHEP player's.
public struct MediaPeerID: Hashable, Sendable {
  /// A number unique in this process.
  public let rawValue: UInt64

  /// The peer with that number.
  public init(rawValue: UInt64) { self.rawValue = rawValue }
}

/// A room as media knows it.
public struct MediaRoomID: Hashable, Sendable {
  /// A number unique in this process.
  public let rawValue: UInt64

  /// The room with that number.
  public init(rawValue: UInt64) { self.rawValue = rawValue }
}

/// What somebody sends.
public enum MediaSource: String, Hashable, Sendable, CaseIterable {
  /// The voice.
  case microphone
  /// The picture of a person.
  case camera
  /// A shared screen.
  case screen
  /// The sound of a shared screen.
  case screenAudio = "screen-audio"
}

/// Which m-section of an offer carries which source.
public struct SourceBinding: Hashable, Sendable {
  /// The m-section's `a=mid`.
  public var mid: String
  /// What it carries.
  public var source: MediaSource

  /// Binds `source` to the m-section `mid`.
  public init(mid: String, source: MediaSource) {
    self.mid = mid
    self.source = source
  }
}

/// A video codec a participant may prefer.
public enum MediaVideoCodec: String, Hashable, Sendable, CaseIterable {
  /// RFC 7741.
  case vp8
  /// RFC 6184.
  case h264
  /// RFC 9628.
  case vp9
  /// The AV1 RTP payload format.
  case av1
}

/// An offer to be answered.
public struct MediaOffer: Sendable {
  /// The SDP text as it came.
  public var sdp: String
  /// What its sending m-sections carry. Sections not named are taken by kind: the first audio is the
  /// microphone, the first video the camera.
  public var sources: [SourceBinding]
  /// Where the sender should begin, in bit/s; nil where nothing is known.
  public var upBitrate: Int?
  /// Where sending to the peer should begin, in bit/s; nil where nothing is known.
  public var downBitrate: Int?
  /// The video codec the peer would rather send.
  public var codec: MediaVideoCodec?
  /// The address by which the peer reached the web server; nil where it used a name.
  public var reached: ReachedAddress?

  /// An offer and what it carries.
  public init(
    sdp: String, sources: [SourceBinding] = [], upBitrate: Int? = nil, downBitrate: Int? = nil,
    codec: MediaVideoCodec? = nil, reached: ReachedAddress? = nil
  ) {
    self.sdp = sdp
    self.sources = sources
    self.upBitrate = upBitrate
    self.downBitrate = downBitrate
    self.codec = codec
    self.reached = reached
  }
}

/// Why media refused.
public enum MediaError: Error, Equatable, Sendable {
  /// The offer is not SDP or offers nothing that can be answered; the text says what is wrong.
  case badOffer(String)
  /// No such peer.
  case noSuchPeer
  /// There are too many peers of that kind; the text says of which.
  case busy(String)
}

/// A receive slot and what it shows.
public struct MediaSlot: Hashable, Sendable {
  /// How much of its source a slot gets.
  public enum State: String, Sendable {
    /// As much as is wanted and fits.
    case live
    /// Still pictures, every few seconds.
    case snapshot
    /// Nothing, for want of bandwidth.
    case paused
  }

  /// The receiving m-section's `a=mid`.
  public var mid: String
  /// Who is seen or heard in it.
  public var peer: MediaPeerID
  /// Which of that peer's sources.
  public var source: MediaSource
  /// How much of it comes.
  public var state: State
  /// How long sound should be held before it is played, in milliseconds; 0 for no longer than its arrival asks for.
  public var delay: Int

  /// `peer`'s `source` in the slot `mid`.
  public init(
    mid: String, peer: MediaPeerID, source: MediaSource, state: State = .live, delay: Int = 0
  ) {
    self.mid = mid
    self.peer = peer
    self.source = source
    self.state = state
    self.delay = delay
  }
}

/// A picture on a viewer's screen.
public struct MediaTile: Hashable, Sendable {
  /// Whose picture.
  public var peer: MediaPeerID
  /// Which of that peer's pictures.
  public var source: MediaSource
  /// Width in device pixels.
  public var width: Int
  /// Height in device pixels.
  public var height: Int
  /// Larger is served first.
  public var priority: Int

  /// A tile of `width` × `height` pixels.
  public init(peer: MediaPeerID, source: MediaSource, width: Int, height: Int, priority: Int) {
    self.peer = peer
    self.source = source
    self.width = width
    self.height = height
    self.priority = priority
  }
}

/// What of a source is wanted.
public struct MediaLayerDemand: Hashable, Sendable {
  /// A simulcast layer.
  public struct Layer: Hashable, Sendable {
    /// Its name in the sender's offer.
    public var rid: String
    /// Whether anybody watches it.
    public var isWanted: Bool

    /// The layer `rid`.
    public init(rid: String, isWanted: Bool) {
      self.rid = rid
      self.isWanted = isWanted
    }
  }

  /// Which source.
  public var source: MediaSource
  /// Whether anybody watches it at all.
  public var isActive: Bool
  /// The simulcast layers; empty without simulcast.
  public var layers: [Layer]

  /// What is wanted of `source`.
  public init(source: MediaSource, isActive: Bool, layers: [Layer] = []) {
    self.source = source
    self.isActive = isActive
    self.layers = layers
  }
}

/// How well one direction of a peer's media does.
public struct MediaLinkQuality: Hashable, Sendable {
  /// What stands in the way most.
  public enum Reason: String, Sendable, CaseIterable {
    /// Nothing.
    case none
    /// Packets are lost.
    case loss
    /// Packets are long on their way, or unevenly.
    case delay
    /// There is too little bandwidth.
    case bandwidth
    /// The picture stood still.
    case freeze
    /// Nothing comes at all.
    case lost
  }

  /// 0 (gone) to 5 (excellent).
  public var score: Int
  /// Why it is no better.
  public var reason: Reason

  /// A score and why it is no better.
  public init(score: Int, reason: Reason = .none) {
    self.score = score
    self.reason = reason
  }
}

/// How well a peer sends and receives.
public struct MediaQuality: Hashable, Sendable {
  /// Who.
  public var peer: MediaPeerID
  /// From the peer to the server.
  public var up: MediaLinkQuality
  /// From the server to the peer.
  public var down: MediaLinkQuality

  /// The quality of `peer`'s paths.
  public init(peer: MediaPeerID, up: MediaLinkQuality, down: MediaLinkQuality) {
    self.peer = peer
    self.up = up
    self.down = down
  }
}

/// The figures behind one direction of a peer's quality.
public struct MediaLinkFigures: Hashable, Sendable {
  /// Share of packets lost before any repair.
  public var loss: Double
  /// The time there and back in milliseconds.
  public var roundTrip: Int
  /// What flows, in bit/s.
  public var bitrate: Int
  /// What the way is thought to carry, in bit/s; nil where that is not known.
  public var target: Int?

  /// These figures.
  public init(loss: Double, roundTrip: Int, bitrate: Int, target: Int? = nil) {
    self.loss = loss
    self.roundTrip = roundTrip
    self.bitrate = bitrate
    self.target = target
  }
}

/// The figures behind a peer's quality.
public struct MediaFigures: Hashable, Sendable {
  /// From the peer to the server.
  public var up: MediaLinkFigures
  /// From the server to the peer.
  public var down: MediaLinkFigures
  /// What goes to the peer of the pictures that it sees move.
  public var layers: [MediaLayer]

  /// These figures.
  public init(up: MediaLinkFigures, down: MediaLinkFigures, layers: [MediaLayer] = []) {
    self.up = up
    self.down = down
    self.layers = layers
  }
}

/// What media tells the meeting.
public enum MediaEvent: Sendable, Equatable {
  /// The state of a peer's path.
  public enum State: String, Sendable {
    /// ICE and DTLS are under way.
    case connecting
    /// Media flows.
    case connected
    /// The path is lost; an ICE restart may bring it back.
    case failed
  }

  /// A speaker and how loud, 0–1.
  public struct Speaker: Hashable, Sendable {
    /// Who speaks.
    public var peer: MediaPeerID
    /// 0 (silence) to 1.
    public var level: Double

    /// `peer` speaks at `level`.
    public init(peer: MediaPeerID, level: Double) {
      self.peer = peer
      self.level = level
    }
  }

  /// The path of a peer changed its state.
  case stateChanged(MediaPeerID, State)
  /// The whole slot mapping of a peer, after a change.
  case slotsChanged(MediaPeerID, [MediaSlot])
  /// Who speaks in a room, loudest first.
  case speakersChanged(MediaRoomID, [MediaEvent.Speaker])
  /// What a peer should send of one of its sources, after a change.
  case layersWanted(MediaPeerID, MediaLayerDemand)
  /// How well peers of a room send and receive: those of whom it changed.
  case qualityChanged(MediaRoomID, [MediaQuality])
}

/// Media as the meeting drives it. Implemented by the workers; tests put a recording one in its place.
public protocol MediaPlane: Sendable {
  /// Everything media has to tell, in order. Read by one task.
  var events: AsyncStream<MediaEvent> { get }
  /// Adds a peer to a room and answers its offer.
  func connect(
    _ peer: MediaPeerID, in room: MediaRoomID, offer: MediaOffer
  ) async throws(MediaError) -> String
  /// Answers a later offer of the same peer.
  func renegotiate(_ peer: MediaPeerID, offer: MediaOffer) async throws(MediaError) -> String
  /// Adds a candidate that a peer sent after its offer; nil says that there are no more.
  func addCandidate(_ candidate: String?, of peer: MediaPeerID) async throws(MediaError)
  /// Answers an offer of data channels with a peer that belongs to no room, tells the time every second and
  /// echoes. `client` is the address whose unconnected peers are counted; nil counts none.
  func connectClock(offer: String, client: String?) async throws(MediaError) -> String
  /// Forwards a source from now on, or stops forwarding it.
  func setLive(_ isLive: Bool, source: MediaSource, of peer: MediaPeerID) async
  /// Says what a peer's screen shows.
  func setView(_ tiles: [MediaTile], of peer: MediaPeerID) async
  /// The figures behind the quality of those of `peers` that are connected.
  func figures(of peers: [MediaPeerID]) async -> [MediaPeerID: MediaFigures]
  /// How far those of `peers` that there are have come with the media ports, each since its time.
  func contact(of peers: [MediaPeerID: Instant]) async -> [MediaPeerID: MediaContact]
  /// Where clients are told to send media over UDP.
  var addresses: [TransportAddress] { get async }
  /// How media does as a whole, in numbers.
  var metrics: [MetricFamily] { get async }
  /// Removes a peer and everything it sent.
  func disconnect(_ peer: MediaPeerID) async
}
