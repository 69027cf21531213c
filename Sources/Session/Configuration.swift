public import ICE
public import Peer
public import SCTP
public import SDP
public import Wire

/// How a session is set up.
public struct SessionConfiguration: Sendable {
  /// STUN and TURN servers.
  public var servers: [CandidateGatherer.Server] = []
  /// Whether only relayed candidates are told and used: the W3C's `relay` policy.
  public var usesRelaysOnly = false
  /// Whether loopback addresses are candidates.
  public var includesLoopback = false
  /// The codecs for sound, the best first.
  public var audioCodecs: [CodecPreference] = [.opus]
  /// The codecs for pictures, the best first.
  public var videoCodecs: [CodecPreference] = [.vp8, .vp9, .h264, .av1]
  /// What is done for media without being asked.
  public var media = MediaDefaults()
  /// The URIs of the header extensions offered and taken.
  public var headerExtensions = MediaPolicy.defaultHeaderExtensions
  /// Whether simulcast layers that the other side offers are all taken. A browser takes one.
  public var receivesSimulcast = false
  /// What is said of data channels; nil declines them.
  public var dataChannels: DataChannelTerms? = DataChannelTerms()
  /// Sizes and times of the data channels' association.
  public var sctp = SCTPOptions()
  /// Whether the first offer has data channels even where none was opened.
  public var alwaysNegotiatesDataChannels = false
  /// Whether renomination is offered: the path may be changed at any time without a restart.
  public var usesRenomination = true
  /// Times and limits of ICE.
  public var ice = ICEAgent.Configuration()
  /// From 1970 to the zero of the clock that `Instant`s are of: reports and statistics tell the time of day.
  public var epoch = Duration.zero
  /// The longest datagram sent.
  public var maximumDatagramSize = 1200

  /// The defaults.
  public init() {}
}
