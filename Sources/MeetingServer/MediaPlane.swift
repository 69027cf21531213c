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

/// An offer to be answered.
public struct MediaOffer: Sendable {
  /// The SDP text as it came.
  public var sdp: String
  /// What its sending m-sections carry. Sections not named are taken by kind: the first audio is the
  /// microphone, the first video the camera.
  public var sources: [SourceBinding]

  /// An offer and what it carries.
  public init(sdp: String, sources: [SourceBinding] = []) {
    self.sdp = sdp
    self.sources = sources
  }
}

/// Why media refused.
public enum MediaError: Error, Equatable, Sendable {
  /// The offer is not SDP or offers nothing that can be answered; the text says what is wrong.
  case badOffer(String)
  /// No such peer.
  case noSuchPeer
}

/// A receive slot and what it shows.
public struct MediaSlot: Hashable, Sendable {
  /// The receiving m-section's `a=mid`.
  public var mid: String
  /// Who is seen or heard in it.
  public var peer: MediaPeerID
  /// Which of that peer's sources.
  public var source: MediaSource

  /// `peer`'s `source` in the slot `mid`.
  public init(mid: String, peer: MediaPeerID, source: MediaSource) {
    self.mid = mid
    self.peer = peer
    self.source = source
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
  /// Forwards a source from now on, or stops forwarding it.
  func setLive(_ isLive: Bool, source: MediaSource, of peer: MediaPeerID) async
  /// Says what a peer's screen shows.
  func setView(_ tiles: [MediaTile], of peer: MediaPeerID) async
  /// Removes a peer and everything it sent.
  func disconnect(_ peer: MediaPeerID) async
}
