import Media
import RTP
import Wire

/// The frames of one received stream.
struct FrameReceiver {
  /// The first packets of a stream may be those of a key frame that is still coming.
  private static let grace = Duration.milliseconds(200)

  /// When it is no longer waited for the stream's first key frame; nil once that was decided.
  private var patienceEnd: Instant?
  private var buffer: JitterBuffer
  private(set) var frameCount: UInt64 = 0
  private(set) var rate = FrameRate()
  /// The size that the last key frame told.
  private(set) var size: FrameSize?

  var codec: MediaCodec { buffer.codec }

  /// What the buffer counted.
  var statistics: JitterBuffer.Statistics { buffer.statistics }

  init(codec: MediaCodec, longestWait: Duration, at now: Instant) {
    var options = JitterBuffer.Options()
    options.retransmissionWait = longestWait
    buffer = JitterBuffer(codec: codec, options: options)
    patienceEnd = codec.isAudio ? nil : now + Self.grace
  }

  mutating func insert(_ packet: ReceivedPacket, at now: Instant) {
    let header = RTPHeader(
      payloadType: packet.payloadType, sequenceNumber: packet.sequenceNumber,
      timestamp: packet.timestamp, ssrc: packet.ssrc, marker: packet.marker)
    buffer.insert(
      header, payload: packet.payload.span, isRetransmission: packet.isRepaired, at: now)
  }

  /// The next frame whose time has come.
  mutating func next(at now: Instant) -> ReceivedFrame? {
    guard let received = buffer.next(at: now) else { return nil }
    frameCount += 1
    rate.note(at: now)
    if received.frame.isKeyFrame, let size = FrameSize(of: received.frame, codec: codec) {
      self.size = size
    }
    return received
  }

  /// Whether nothing can be decoded before a key frame comes that is not on its way.
  mutating func demandsKeyFrame(at now: Instant) -> Bool {
    if frameCount > 0 { patienceEnd = nil }
    if let patienceEnd {
      guard patienceEnd <= now else { return false }
      self.patienceEnd = nil
    }
    return buffer.needsKeyFrame
  }

  /// When `next` or `demandsKeyFrame` may have something to say.
  var deadline: Instant? {
    guard let patienceEnd else { return buffer.deadline }
    return min(buffer.deadline ?? patienceEnd, patienceEnd)
  }
}
