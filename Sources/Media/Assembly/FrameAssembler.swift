public import RTP
public import Wire

/// Puts the packets of one source together to frames: packets in any order in, complete frames in order out.
///
/// It has no clock. A missing packet is waited for until `reorderingLimit` numbers have passed, or until
/// `abandonFrame` is called, as `JitterBuffer` does by time.
public struct FrameAssembler: Sendable {
  /// Limits and manners.
  public struct Options: Sendable, Hashable {
    /// The most sequence numbers from the oldest packet held to the newest.
    public var maximumPacketCount = 2048
    /// The most bytes of payload held.
    public var maximumByteCount = 8 << 20
    /// A packet that many numbers older than the newest one no longer comes.
    public var reorderingLimit = 512
    /// What to do with video after a loss.
    public var recovery = LossRecovery.keyFrame
    /// Key frames of H.264 and H.265 before any parameter sets are dropped. False where the sets were told otherwise.
    public var expectsParameterSets = true

    /// The default limits.
    public init() {}
  }

  /// What became of a packet.
  public enum Insertion: Sendable, Hashable {
    /// It is held, or part of a frame.
    case accepted
    /// It was held already.
    case duplicate
    /// Its frame is given out or given up.
    case late
    /// Its payload makes no sense in the codec's format. It counts as lost.
    case malformed
  }

  /// What has happened so far.
  public struct Counts: Sendable, Hashable {
    /// Packets that came twice.
    public var duplicatePackets = 0
    /// Packets whose frame was given out or given up.
    public var latePackets = 0
    /// Packets whose payload makes no sense.
    public var malformedPackets = 0
    /// Frames dropped: with holes, or not decodable after a loss.
    public var droppedFrames = 0
    /// Frames given out.
    public var emittedFrames = 0
    /// Key frames given out.
    public var emittedKeyFrames = 0
  }

  /// The packet in front of the cursor, where it is known.
  struct Boundary {
    let timestamp: UInt32
    let endsFrame: Bool
  }

  /// The codec.
  public let codec: MediaCodec
  /// Limits and manners.
  public let options: Options
  /// What has happened so far.
  public internal(set) var counts = Counts()

  let depacketizer: Depacketizer
  var gate: DecodabilityGate
  var unwrapper = SequenceUnwrapper()
  var window = PacketWindow()
  /// Where the next frame starts; packets before it are late. Nil before the first packet's frame is known.
  var cursor: Int64?
  /// Whether a frame certainly starts at the cursor.
  var isAligned = false
  var before: Boundary?
  var followsLoss = false
  var knowsParameterSets = false
  /// The number after the last late packet's.
  var restartNumber: UInt16?
  /// Late packets with numbers in a row, and no other between them.
  var lateRun = 0

  /// An assembler. Limits that could hold no frame, or more packets than numbers tell apart, are mended.
  public init(codec: MediaCodec, options: Options = Options()) {
    self.codec = codec
    var options = options
    options.maximumPacketCount = min(max(options.maximumPacketCount, 16), 1 << 14)
    options.maximumByteCount = max(options.maximumByteCount, 1 << 11)
    self.options = options
    depacketizer = Depacketizer(codec: codec)
    gate = DecodabilityGate(recovery: options.recovery, codec: codec)
  }

  /// Whether no frame is given out before the next key frame: at the start, and after a loss.
  public var needsKeyFrame: Bool { gate.needsKeyFrame }

  /// Packets held.
  public var packetCount: Int { window.count }

  /// Bytes of payload held.
  public var byteCount: Int { window.byteCount }

  /// Takes a packet. `payload` is without padding; an empty one only fills its number.
  @discardableResult
  public mutating func insert(
    _ header: RTPHeader, payload: Span<UInt8>, at now: Instant
  ) -> Insertion {
    var description: PayloadDescription?
    if !payload.isEmpty {
      description = depacketizer.describe(payload)
      guard description != nil else {
        counts.malformedPackets += 1
        return .malformed
      }
    }
    let index = unwrapper.unwrap(header.sequenceNumber)
    if isLate(index) {
      guard restarts(header.sequenceNumber, index: index) else {
        counts.latePackets += 1
        return .late
      }
      return insert(header, payload: payload, at: now)
    }
    guard window[index] == nil else {
      counts.duplicatePackets += 1
      return .duplicate
    }
    restartNumber = nil
    makeRoom(for: index)
    let facts = PacketWindow.Facts(
      index: index, timestamp: header.timestamp, receivedAt: now, marker: header.marker,
      start: description?.start, isKeyFrame: description?.isKeyFrame ?? false)
    let bytes = [UInt8](capacity: payload.count) { $0.append(copying: payload) }
    window.insert(facts, PacketWindow.Content(payload: bytes, description: description))
    while window.byteCount > options.maximumByteCount { abandonFrame() }
    return .accepted
  }

  /// The next complete frame, in order, if there is one.
  public mutating func next() -> ReceivedFrame? {
    while true {
      if let range = nextRange() {
        if let frame = take(range) { return frame }
      } else if isOverdue {
        abandonFrame()
      } else {
        return nil
      }
    }
  }
}
