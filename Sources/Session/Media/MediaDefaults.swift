public import SDP
public import Wire

/// In which form a remote track is handed over.
public struct MediaDelivery: OptionSet, Hashable, Sendable {
  /// One bit for each form.
  public let rawValue: UInt8

  /// A set of forms.
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// Packets as they come.
  public static let packets = MediaDelivery(rawValue: 1)
  /// Frames, whole and in order; a key frame is asked for where there is none to begin with.
  public static let frames = MediaDelivery(rawValue: 2)
}

/// What a session does for its media without being asked. Here is the whole list, and each can be switched off.
///
/// What is off is neither offered nor answered; what the other side does not agree to is off as well.
public struct MediaDefaults: Hashable, Sendable {
  /// Ask for lost packets (generic NACK, RFC 4585 §6.2.1).
  public var asksForRepair = true
  /// Repeat lost packets, and take repetitions, on a source of their own (RTX, RFC 4588).
  public var usesRetransmission = true
  /// Ask for key frames and make them by picture loss indication (PLI, RFC 4585 §6.3.1).
  public var usesPictureLoss = true
  /// The same by full intra request (FIR, RFC 5104 §4.3.1), for those who do not know the other.
  public var usesIntraRequest = true
  /// Send sender and receiver reports with names (SR, RR, SDES, RFC 3550 §6).
  public var sendsReports = true
  /// Number all packets of the transport, and tell when they arrived (transport-wide congestion control).
  public var usesTransportFeedback = true
  /// Name m-section and simulcast layer beside packets (RFC 9143, RFC 8852).
  public var namesStreams = true
  /// Tell when each packet left (abs-send-time).
  public var tellsSendTime = true
  /// Tell how loud sound is (RFC 6464), where the sender of a packet knows.
  public var tellsAudioLevel = true

  /// In which form remote tracks are handed over, unless said otherwise of one.
  public var delivery: MediaDelivery = [.packets, .frames]
  /// A remote track is muted when nothing came for this time.
  public var muteTimeout = Duration.seconds(3)
  /// Sources of the other side that are followed at the same time; the one that was silent longest makes room.
  public var sourceLimit = 64
  /// What is kept for repetitions, for each stream.
  public var retransmissionCache = RetransmissionLimits()
  /// How long pictures wait for a packet that is missing of them, at most; then the next key frame is asked for.
  public var longestFrameWait = Duration.seconds(1)

  /// What is kept for repetitions.
  public struct RetransmissionLimits: Hashable, Sendable {
    /// The most packets.
    public var packetCount = 2048
    /// The most bytes.
    public var byteCount = 2 << 20
    /// The oldest packet.
    public var age = Duration.seconds(3)

    /// The usual limits.
    public init() {}
  }

  /// Everything on.
  public init() {}

  /// `policy` without what is switched off.
  public func limiting(_ policy: MediaPolicy) -> MediaPolicy {
    var limited = policy
    var feedback: Set<String> = []
    if !asksForRepair { feedback.insert("nack") }
    if !usesPictureLoss { feedback.insert("nack pli") }
    if !usesIntraRequest { feedback.insert("ccm fir") }
    if !usesTransportFeedback { feedback.insert("transport-cc") }
    func limit(_ codec: CodecPreference) -> CodecPreference {
      var codec = codec
      codec.feedback.removeAll { feedback.contains($0) }
      return codec
    }
    limited.audio = policy.audio.map(limit)
    limited.video = policy.video.map(limit)
    limited.usesRetransmission = policy.usesRetransmission && usesRetransmission
    var extensions: Set<String> = []
    if !usesTransportFeedback { extensions.insert(HeaderExtension.transportWideCC) }
    if !namesStreams {
      extensions.formUnion([
        HeaderExtension.mid, HeaderExtension.rid, HeaderExtension.repairedRID,
      ])
    }
    if !tellsSendTime { extensions.insert(HeaderExtension.absoluteSendTime) }
    if !tellsAudioLevel { extensions.insert(HeaderExtension.audioLevel) }
    limited.headerExtensions.removeAll { extensions.contains($0) }
    return limited
  }
}
