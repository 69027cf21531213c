/// This side of the one transport that all m-sections share.
public struct LocalTransport: Hashable, Sendable {
  /// ICE user name fragment, 4–256 characters.
  public var iceUfrag: String
  /// ICE password, 22–256 characters.
  public var icePwd: String
  /// `a=ice-options`.
  public var iceOptions: [String]
  /// Whether this side is an ICE-lite agent.
  public var isICELite: Bool
  /// The certificate's fingerprints.
  public var fingerprints: [Fingerprint]
  /// The DTLS role to take where the offer leaves the choice: `passive` or `active`.
  public var setup: SetupRole
  /// Values of `a=candidate`, with or without the leading `candidate:`.
  public var candidates: [String]
  /// Whether no candidate will follow.
  public var hasEndOfCandidates: Bool

  /// This side of the transport.
  public init(
    iceUfrag: String, icePwd: String, fingerprints: [Fingerprint], candidates: [String] = [],
    setup: SetupRole = .passive, iceOptions: [String] = ["ice2"], isICELite: Bool = false,
    hasEndOfCandidates: Bool = true
  ) {
    self.iceUfrag = iceUfrag
    self.icePwd = icePwd
    self.fingerprints = fingerprints
    self.candidates = candidates
    self.setup = setup
    self.iceOptions = iceOptions
    self.isICELite = isICELite
    self.hasEndOfCandidates = hasEndOfCandidates
  }
}

/// What this side sends in an m-section.
public struct LocalTrack: Hashable, Sendable {
  /// The media's source.
  public var ssrc: UInt32
  /// The source of its retransmissions; left out of the answer where RTX is not negotiated.
  public var rtxSSRC: UInt32?
  /// The source of its repair packets; left out of the answer where FlexFEC is not negotiated.
  public var repairSSRC: UInt32?
  /// The canonical name, the same for everything that plays in step.
  public var cname: String
  /// The media stream; `-` for none.
  public var streamID: String
  /// The track within it.
  public var trackID: String
  /// More streams that hold the track.
  public var otherStreamIDs: [String]

  /// What this side sends.
  public init(
    ssrc: UInt32, rtxSSRC: UInt32? = nil, cname: String, streamID: String, trackID: String,
    otherStreamIDs: [String] = []
  ) {
    self.otherStreamIDs = otherStreamIDs
    self.ssrc = ssrc
    self.rtxSSRC = rtxSSRC
    self.cname = cname
    self.streamID = streamID
    self.trackID = trackID
  }
}

/// What this side wants of one offered m-section.
public struct SectionPlan: Hashable, Sendable {
  /// False rejects the section.
  public var isAccepted: Bool
  /// Whether what is offered to be sent is received.
  public var receives: Bool
  /// What is sent, if the offer receives.
  public var track: LocalTrack?
  /// The codecs to take here, the best first; nil takes the policy's.
  public var codecs: [CodecPreference]?
  /// More `fmtp` parameters for the video codecs here, such as `x-google-start-bitrate=2000`; nil
  /// takes the policy's.
  public var videoFormatParameters: [String]?
  /// Whether offered simulcast layers are taken; if not, one layer is sent.
  public var takesSimulcast: Bool
  /// Whether the layers that the peer offers to receive are sent; if not, one is.
  public var sendsSimulcast: Bool
  /// `b=` lines.
  public var bandwidths: [SessionDescription.Bandwidth]

  /// Accepts the section, receives in it, and sends `track` in it.
  public init(
    isAccepted: Bool = true, receives: Bool = true, track: LocalTrack? = nil,
    codecs: [CodecPreference]? = nil, videoFormatParameters: [String]? = nil,
    takesSimulcast: Bool = true, sendsSimulcast: Bool = false,
    bandwidths: [SessionDescription.Bandwidth] = []
  ) {
    self.sendsSimulcast = sendsSimulcast
    self.isAccepted = isAccepted
    self.receives = receives
    self.track = track
    self.codecs = codecs
    self.videoFormatParameters = videoFormatParameters
    self.takesSimulcast = takesSimulcast
    self.bandwidths = bandwidths
  }

  /// Rejects the section.
  public static let rejected = SectionPlan(isAccepted: false)
}

/// What this side takes of any offer.
public struct MediaPolicy: Hashable, Sendable {
  /// Codecs for sound, the best first.
  public var audio: [CodecPreference]
  /// Codecs for pictures, the best first.
  public var video: [CodecPreference]
  /// Whether retransmission streams (RFC 4588) are taken with them.
  public var usesRetransmission: Bool
  /// The URIs of the header extensions understood.
  public var headerExtensions: [String]
  /// More `fmtp` parameters for the video codecs in sections this side receives in.
  public var videoFormatParameters: [String]
  /// What is said of data channels; nil declines them.
  public var data: DataChannelTerms?

  /// A policy; all codecs of this library unless said otherwise.
  public init(
    audio: [CodecPreference] = [.opus, .red], video: [CodecPreference] = [.vp8, .h264, .vp9, .av1],
    usesRetransmission: Bool = true,
    headerExtensions: [String] = MediaPolicy.defaultHeaderExtensions,
    videoFormatParameters: [String] = [], data: DataChannelTerms? = nil
  ) {
    self.data = data
    self.audio = audio
    self.video = video
    self.usesRetransmission = usesRetransmission
    self.headerExtensions = headerExtensions
    self.videoFormatParameters = videoFormatParameters
  }

  /// What a forwarding server needs: to tell streams apart, to estimate bandwidth, to know who speaks,
  /// and to pass on how a picture is turned and built.
  public static let defaultHeaderExtensions = [
    HeaderExtension.mid, HeaderExtension.rid, HeaderExtension.repairedRID,
    HeaderExtension.audioLevel, HeaderExtension.transportWideCC, HeaderExtension.absoluteSendTime,
    HeaderExtension.videoOrientation, HeaderExtension.dependencyDescriptor,
    HeaderExtension.playoutDelay,
  ]

  /// The codecs for a kind of m-section.
  public func codecs(for kind: MediaSection.Kind) -> [CodecPreference] {
    switch kind {
    case .audio: audio
    case .video: video
    case .application, .other: []
    }
  }
}
