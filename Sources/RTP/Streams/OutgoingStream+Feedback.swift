public import Wire

/// What was sent on a stream, and what was asked of it.
public struct OutgoingCounters: Sendable, Hashable {
  /// Packets, repetitions not included.
  public internal(set) var packetCount: UInt64 = 0
  /// Bytes of payload of these.
  public internal(set) var byteCount: UInt64 = 0
  /// Bytes of headers, repetitions included.
  public internal(set) var headerByteCount: UInt64 = 0
  /// Repetitions.
  public internal(set) var repairPacketCount: UInt64 = 0
  /// Bytes of payload of these.
  public internal(set) var repairByteCount: UInt64 = 0
  /// Frames.
  public internal(set) var frameCount: UInt64 = 0
  /// Key frames.
  public internal(set) var keyFrameCount: UInt64 = 0
  /// Requests for lost packets.
  public internal(set) var requestCount: UInt64 = 0
  /// Picture loss indications.
  public internal(set) var pictureLossCount: UInt64 = 0
  /// Full intra requests.
  public internal(set) var intraRequestCount: UInt64 = 0
  /// Sender reports.
  public internal(set) var reportCount: UInt64 = 0

  /// Nothing yet.
  public init() {}

  mutating func note(_ payload: Int, _ header: Int) {
    packetCount &+= 1
    byteCount &+= UInt64(payload)
    headerByteCount &+= UInt64(header)
  }

  mutating func noteRepair(_ payload: Int, _ header: Int) {
    repairPacketCount &+= 1
    repairByteCount &+= UInt64(payload)
    headerByteCount &+= UInt64(header)
  }
}

/// How the other side receives a stream, as it reports (RFC 3550 §6.4.1).
public struct RemoteReception: Sendable, Hashable {
  /// Packets it misses in all, negative with duplicates.
  public internal(set) var lostCount: Int32 = 0
  /// What part it missed since its report before, 0 to 1.
  public internal(set) var fractionLost = 0.0
  /// Jitter in seconds.
  public internal(set) var jitter = 0.0
  /// The highest sequence number it has, with its wraps.
  public internal(set) var highestSequenceNumber: UInt32 = 0
  /// The last round trip; nil where no report allowed to tell.
  public internal(set) var roundTrip: Duration?
  /// The sum of all round trips.
  public internal(set) var totalRoundTrip = Duration.zero
  /// How many round trips were measured.
  public internal(set) var roundTripCount: UInt64 = 0
  /// Reports received.
  public internal(set) var reportCount: UInt64 = 0
  /// When the last report came.
  public internal(set) var reportedAt = Instant.zero
}

extension OutgoingStream {
  /// The shortest time between two key frames that others can make a sender produce.
  public static let keyFrameInterval = Duration.milliseconds(500)
  /// A longer round trip is taken for a lie.
  public static let roundTripLimit = Duration.seconds(10)

  /// Takes what a report tells of this stream. False for a report of another source.
  @discardableResult
  public mutating func receive(_ block: ReportBlock, at now: Instant, epoch: Duration) -> Bool {
    guard block.ssrc == options.ssrc else { return false }
    var state = remote ?? RemoteReception()
    state.lostCount = block.cumulativeLost
    state.fractionLost = Double(block.fractionLost) / 256
    state.jitter = Double(block.jitter) / Double(max(options.clockRate, 1))
    state.highestSequenceNumber = block.highestSequenceNumber
    state.reportCount += 1
    state.reportedAt = now
    // Only a report that was sent can have made the round trip.
    if reportsSent.contains(block.lastSenderReport),
      let measured = NTP.roundTrip(block, at: NTP.timestamp(now, epoch: epoch)),
      measured <= Self.roundTripLimit
    {
      state.roundTrip = measured
      state.totalRoundTrip = state.totalRoundTrip + measured
      state.roundTripCount += 1
      roundTrip = measured
    }
    remote = state
    return true
  }

  /// Takes a picture loss indication (RFC 4585 §6.3.1). Whether a key frame is to be made: requests that come faster
  /// than every half second are counted only, since whoever needs one asks again.
  public mutating func receivePictureLoss(at now: Instant) -> Bool {
    noteKeyFrameRequest(isIntra: false)
    return allowsKeyFrame(at: now)
  }

  /// Takes a full intra request (RFC 5104 §4.3.1). Whether a key frame is to be made; a repetition of the
  /// request before asks for nothing new.
  public mutating func receiveIntraRequest(_ sequenceNumber: UInt8, at now: Instant) -> Bool {
    noteKeyFrameRequest(isIntra: true)
    guard sequenceNumber != lastIntraRequest, allowsKeyFrame(at: now) else { return false }
    lastIntraRequest = sequenceNumber
    return true
  }

  private mutating func allowsKeyFrame(at now: Instant) -> Bool {
    if let last = lastKeyFrameRequestAt, now - last < Self.keyFrameInterval { return false }
    lastKeyFrameRequestAt = now
    return true
  }
}
