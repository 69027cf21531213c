public import RTP
public import Wire

/// Evens out when frames come: packets of one source in, complete frames in order out, each when its time has come.
///
/// Audio is held for as long as nearly all packets need, which follows the jitter of arrival; what is missing then is
/// skipped. Video is given out at once, but where a packet is missing it waits for a retransmission for a while.
public struct JitterBuffer: Sendable {
  /// Limits and manners.
  public struct Options: Sendable, Hashable {
    /// Frames are held at least that long after the fastest path would have brought them.
    public var minimumDelay = Duration.zero
    /// Audio is not held longer for the sake of jitter.
    public var maximumDelay = Duration.seconds(1)
    /// The share of packets of audio that shall come in time.
    public var timelyShare = 0.97
    /// How long a missing packet of video is waited for.
    public var retransmissionWait = Duration.milliseconds(250)
    /// How frames are put together.
    public var assembly = FrameAssembler.Options()

    /// The defaults.
    public init() {}
  }

  /// What has happened so far, in the terms of the identifiers of WebRTC statistics.
  public struct Statistics: Sendable, Hashable {
    /// Sum over all frames given out of the time from the first packet to then: jitterBufferDelay.
    public var delay = Duration.zero
    /// Sum over the same frames of the delay aimed at: jitterBufferTargetDelay.
    public var targetDelay = Duration.zero
    /// Frames given out: jitterBufferEmittedCount of video.
    public var emittedCount = 0
    /// Samples of audio in them at the codec's clock: jitterBufferEmittedCount of audio.
    public var emittedSampleCount = 0
    /// Packets that came too late, or twice: packetsDiscarded.
    public var discardedCount = 0
    /// Frames dropped: framesDropped.
    public var droppedFrameCount = 0
    /// Key frames given out: keyFramesDecoded, as far as frames are decoded.
    public var keyFrameCount = 0
  }

  /// The codec.
  public let codec: MediaCodec
  /// Frames are held at least that long after the fastest path would have brought them; may be changed at any time.
  public var minimumDelay: Duration

  private let options: Options
  private var assembler: FrameAssembler
  private var clock: PlayoutClock
  private var histogram = DelayHistogram()
  /// Complete, and waiting for its time.
  private var pending: ReceivedFrame?
  private var totals = Statistics()

  /// A buffer.
  public init(codec: MediaCodec, options: Options = Options()) {
    self.codec = codec
    self.options = options
    minimumDelay = options.minimumDelay
    assembler = FrameAssembler(codec: codec, options: options.assembly)
    clock = PlayoutClock(clockRate: codec.clockRate)
  }

  /// Whether no frame is given out before the next key frame: ask for one.
  public var needsKeyFrame: Bool { assembler.needsKeyFrame }

  /// How long after the fastest path would have brought it a frame is given out.
  public private(set) var targetDelay = Duration.zero

  /// What has happened so far.
  public var statistics: Statistics {
    var statistics = totals
    statistics.discardedCount = assembler.counts.latePackets + assembler.counts.duplicatePackets
    statistics.droppedFrameCount = assembler.counts.droppedFrames
    statistics.keyFrameCount = assembler.counts.emittedKeyFrames
    return statistics
  }

  /// Takes a packet that came at `now`. `payload` is without padding. A retransmitted packet says nothing about jitter.
  @discardableResult
  public mutating func insert(
    _ header: RTPHeader, payload: Span<UInt8>, isRetransmission: Bool = false, at now: Instant
  ) -> FrameAssembler.Insertion {
    let insertion = assembler.insert(header, payload: payload, at: now)
    guard insertion == .accepted || insertion == .late, !payload.isEmpty, !isRetransmission else {
      return insertion
    }
    if let delay = clock.observe(header.timestamp, at: now) {
      histogram.add(delay)
    } else {
      histogram = DelayHistogram()
      histogram.add(.zero)
    }
    if codec.isAudio {
      targetDelay = min(histogram.quantile(options.timelyShare), options.maximumDelay)
    }
    targetDelay = codec.isAudio ? max(targetDelay, minimumDelay) : minimumDelay
    return insertion
  }

  /// The next frame whose time has come, if there is one. Call again until there is none, and then at `deadline`.
  public mutating func next(at now: Instant) -> ReceivedFrame? {
    while true {
      pending = pending ?? assembler.next()
      if let frame = pending {
        guard playoutTime(frame.frame.timestamp) <= now else { return nil }
        pending = nil
        count(frame, at: now)
        return frame
      }
      guard let limit = waitLimit, limit <= now else { return nil }
      assembler.abandonFrame()
    }
  }

  /// When `next` may have something, if nothing comes before.
  public var deadline: Instant? {
    if let pending { return playoutTime(pending.frame.timestamp) }
    return waitLimit
  }

  private func playoutTime(_ timestamp: UInt32) -> Instant {
    (clock.earliestArrival(timestamp) ?? .zero) + targetDelay
  }

  /// When a missing packet is given up: for audio once what comes behind it is due.
  private var waitLimit: Instant? {
    guard let blocked = assembler.blocked else { return nil }
    let due = playoutTime(blocked.timestamp)
    return codec.isAudio
      ? min(due, blocked.since + options.maximumDelay)
      : blocked.since + options.retransmissionWait
  }

  private mutating func count(_ received: ReceivedFrame, at now: Instant) {
    totals.delay = totals.delay + (now - received.firstReceivedAt)
    totals.targetDelay = totals.targetDelay + targetDelay
    totals.emittedCount += 1
    switch codec {
    case .opus:
      totals.emittedSampleCount += OpusPacket(parsing: received.frame.bytes.span)?.sampleCount ?? 0
    case .pcmu, .pcma:
      totals.emittedSampleCount += received.frame.bytes.count
    case .vp8, .vp9, .h264, .h265, .av1:
      break
    }
  }
}
