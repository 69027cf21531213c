public import SDP

/// What a track carries.
public enum TrackKind: String, Hashable, Sendable, CaseIterable {
  /// Sound.
  case audio
  /// Pictures.
  case video

  var section: MediaSection.Kind { self == .audio ? .audio : .video }

  init?(_ kind: MediaSection.Kind) {
    switch kind {
    case .audio: self = .audio
    case .video: self = .video
    case .application, .other: return nil
    }
  }
}

/// Names a transceiver for as long as its session lives.
public struct TransceiverID: Hashable, Sendable {
  /// Counts from 0.
  public let rawValue: UInt32

  init(_ rawValue: UInt32) { self.rawValue = rawValue }
}

/// A track to send and the streams it belongs to.
public struct OutgoingTrack: Hashable, Sendable {
  /// The track's own name.
  public var id: String
  /// The streams that hold it; may be none.
  public var streamIDs: [String]

  /// A track.
  public init(id: String, streamIDs: [String] = []) {
    self.id = id
    self.streamIDs = streamIDs
  }
}

/// One way of sending a track (W3C WebRTC §5.2.5).
public struct SendEncoding: Hashable, Sendable {
  /// The layer's name; empty where there is one alone.
  public var rid: String
  /// Whether it is sent.
  public var isActive: Bool
  /// In bit/s.
  public var maximumBitrate: UInt64?
  /// In pictures a second.
  public var maximumFramerate: Double?
  /// How many times smaller than the source.
  public var scaleResolutionDownBy: Double?
  /// The source, chosen by the session.
  public internal(set) var ssrc: UInt32 = 0
  /// The source of its retransmissions, chosen by the session.
  public internal(set) var rtxSSRC: UInt32 = 0

  /// An encoding.
  public init(
    rid: String = "", isActive: Bool = true, maximumBitrate: UInt64? = nil,
    maximumFramerate: Double? = nil, scaleResolutionDownBy: Double? = nil
  ) {
    self.rid = rid
    self.isActive = isActive
    self.maximumBitrate = maximumBitrate
    self.maximumFramerate = maximumFramerate
    self.scaleResolutionDownBy = scaleResolutionDownBy
  }
}

/// A sender and a receiver that share an m-section (W3C WebRTC §5.4).
public struct Transceiver: Hashable, Sendable {
  /// The sending half (W3C WebRTC §5.2).
  public struct Sender: Hashable, Sendable {
    /// The track sent; nil for none.
    public internal(set) var trackID: String?
    /// The streams the other side is to find the track in.
    public internal(set) var streamIDs: [String]
    /// The layers, one at least.
    public internal(set) var encodings: [SendEncoding]
    /// The track's name in `a=msid`, which never changes (RFC 8829 §5.2.1).
    var msidTrackID: String
    /// Whether it was ever agreed to send: then `addTrack` leaves it alone.
    var hasBeenUsed = false
  }

  /// The receiving half (W3C WebRTC §5.3).
  public struct Receiver: Hashable, Sendable {
    /// The name of the remote track.
    public internal(set) var trackID: String
    /// The streams the other side puts it in.
    public internal(set) var streamIDs: [String] = []
    /// Whether the other side says that it sends.
    public internal(set) var isActive = false
  }

  /// Its name.
  public let id: TransceiverID
  /// What it carries.
  public let kind: TrackKind
  /// The tag of its m-section; nil before there is one and after it is gone.
  public internal(set) var mid: String?
  /// What we want.
  public internal(set) var direction: Direction
  /// What was agreed; nil before.
  public internal(set) var currentDirection: Direction?
  /// Whether we or the other side have stopped it for good.
  public internal(set) var isStopping = false
  /// Whether both sides know that it is stopped.
  public internal(set) var isStopped = false
  /// The sending half.
  public internal(set) var sender: Sender
  /// The receiving half.
  public internal(set) var receiver: Receiver
  /// The codecs to agree on, the best first; nil for the session's.
  public internal(set) var codecPreferences: [CodecPreference]?
  /// What was agreed for its m-section; nil before and where it is rejected.
  public internal(set) var agreed: NegotiatedSection?

  /// Whether `addTrack` made it: then a remote offer may take it (RFC 8829 §5.10).
  var isMadeByAddTrack = false
  /// Whether a remote offer made it and nobody has used it since: then a rollback removes it.
  var isMadeByRemote = false
}

/// What was agreed for one transceiver: all that is needed to send, receive and report its media.
public struct NegotiatedTransceiver: Hashable, Sendable {
  /// The transceiver.
  public var id: TransceiverID
  /// Mid, directions, codecs with payload types, header extensions, the other side's sources and layers.
  public var section: NegotiatedSection
  /// Our layers with their sources, in the order of `section.sendRIDs` where there are several.
  public var encodings: [SendEncoding]
  /// Our canonical name (RFC 8834 §4.9).
  public var cname: String
}
