public import Wire

/// One source that the other side sends: what came of it, what is missing, and what to ask for
/// (RFC 3550 §6.4, RFC 4585 §6.2.1, RFC 4588).
///
/// Packets are authentic before they get here. What is kept does not grow with what comes.
public struct ReceivedStream: Sendable {
  /// What a stream is from its beginning on.
  public struct Options: Sendable, Hashable {
    /// The source.
    public var ssrc: UInt32
    /// Ticks of its timestamps in a second.
    public var clockRate: UInt32
    /// The numbers of the header extensions that are read.
    public var extensions: StreamExtensionIDs
    /// From the payload type of repetitions to that of the codec; empty where nothing is repeated.
    public var rtxPayloadTypes: [UInt8: UInt8]
    /// Whether to ask for lost packets.
    public var asksForRepair: Bool
    /// How to ask for key frames; nil where there are none.
    public var keyFrameRequest: KeyFrameRequest?

    /// A stream that asks for nothing.
    public init(ssrc: UInt32, clockRate: UInt32) {
      self.ssrc = ssrc
      self.clockRate = clockRate
      extensions = StreamExtensionIDs()
      rtxPayloadTypes = [:]
      asksForRepair = false
      keyFrameRequest = nil
    }
  }

  /// How to ask for key frames.
  public enum KeyFrameRequest: Sendable, Hashable {
    /// By picture loss indication (RFC 4585 §6.3.1).
    case pictureLoss
    /// By full intra request (RFC 5104 §4.3.1).
    case fullIntra
  }

  /// A repetition further ahead than this of all that came is not believed.
  private static let repairLead: Int64 = 1000

  /// How long a sender may take to answer a request.
  private static let answerTime = Duration.milliseconds(5)

  /// What the stream is. Everything but source and clock may change as it goes.
  public var options: Options
  /// What was received.
  public internal(set) var counters = ReceivedCounters()
  /// When the last packet came, repetitions included.
  public private(set) var lastPacketReceivedAt: Instant?
  /// The sender's clock, from its first report on.
  public private(set) var senderClock: SenderClock?
  /// What the sender says it has sent.
  public private(set) var senderReport: SenderReport?
  /// The name its sender gives itself (RFC 3550 §6.5.1).
  public private(set) var cname: String?
  /// Whether the sender said goodbye; a packet takes that back.
  public private(set) var isEnded = false
  /// Whether a key frame is wanted.
  public var keyFrames = KeyFrameDemand()

  private var unwrapper = SequenceUnwrapper()
  private var window = ArrivalWindow()
  private var statistics: ReceptionStatistics
  var losses = NACKGenerator()
  var intraRequestNumber: UInt8 = 0

  /// A stream of which nothing has come.
  public init(options: Options) {
    self.options = options
    statistics = ReceptionStatistics(clockRate: options.clockRate)
  }

  /// Interarrival jitter in seconds.
  public var jitter: Double { Double(statistics.jitter) / Double(max(options.clockRate, 1)) }

  /// Packets lost so far, negative with duplicates.
  public var lostCount: Int64 { statistics.lostCount }

  /// The time to the sender and back, where it is known.
  public var roundTrip = Duration.milliseconds(100) {
    // A repetition that is on its way is not asked for again.
    didSet { losses.roundTrip = roundTrip + roundTrip / 8 + Self.answerTime }
  }

  /// Takes a packet; nil where it has come before.
  public mutating func receive(
    _ header: RTPHeader, in packet: Span<UInt8>, payload: Range<Int>,
    outage: PathOutage = PathOutage(), at now: Instant
  ) -> ReceivedPacket? {
    let isAfterOutage = outage.hasBegun(since: lastPacketReceivedAt)
    lastPacketReceivedAt = now
    isEnded = false
    statistics.receive(header, isAfterOutage: isAfterOutage, at: now)
    counters.note(payload.count, packet.count - payload.count)
    let index = unwrapper.unwrap(header.sequenceNumber)
    guard window.insert(index) else {
      counters.duplicateCount += 1
      return nil
    }
    if options.asksForRepair { losses.receive(index, isAfterOutage: isAfterOutage, at: now) }
    return ReceivedPacket(
      header, in: packet, payload: payload, index: index, extensions: options.extensions,
      isRepaired: false, at: now)
  }

  /// Takes a packet of the source that repeats this one's (RFC 4588 §4). Nil where it is padding, makes no sense, or
  /// repeats what has come before.
  public mutating func receiveRepair(
    _ header: RTPHeader, in packet: Span<UInt8>, payload: Range<Int>, at now: Instant
  ) -> ReceivedPacket? {
    lastPacketReceivedAt = now
    counters.noteRepair(payload.count, packet.count - payload.count)
    guard let payloadType = options.rtxPayloadTypes[header.payloadType], payload.count > 2,
      let newest = unwrapper.newest
    else { return nil }
    var reader = ByteReader(packet.extracting(payload))
    guard let number = try? reader.readUInt16() else { return nil }
    let index = unwrapper.index(of: number)
    guard index &- newest <= Self.repairLead, window.insert(index) else {
      counters.duplicateCount += 1
      return nil
    }
    _ = unwrapper.unwrap(number)
    if options.asksForRepair { losses.receive(index, at: now) }
    counters.repairedCount += 1
    var original = header
    original.ssrc = options.ssrc
    original.payloadType = payloadType
    original.sequenceNumber = number
    return ReceivedPacket(
      original, in: packet, payload: payload.lowerBound + 2..<payload.upperBound, index: index,
      extensions: options.extensions, isRepaired: true, at: now)
  }

  /// Takes its sender report.
  public mutating func receive(_ report: SenderReport, at now: Instant) {
    guard report.ssrc == options.ssrc else { return }
    statistics.receive(report, at: now)
    senderClock = SenderClock(report, clockRate: options.clockRate, at: now)
    senderReport = report
    senderReport?.blocks = []
    counters.reportCount += 1
  }

  /// Takes its name.
  public mutating func receive(_ chunk: SourceDescription.Chunk) {
    if chunk.ssrc == options.ssrc, let name = chunk.cname { cname = name }
  }

  /// Takes its goodbye (RFC 3550 §6.6). Nothing is asked for any longer.
  public mutating func receiveGoodbye() {
    isEnded = true
    losses = NACKGenerator()
    losses.roundTrip = roundTrip + roundTrip / 8 + Self.answerTime
    keyFrames.satisfy()
  }

  /// What came before a packet is not needed any more, as what follows was decoded: it is not asked for again.
  public mutating func forget(before sequenceNumber: UInt16) {
    losses.forget(before: unwrapper.index(of: sequenceNumber))
  }

  /// A key frame that starts with the packet `sequenceNumber` has come whole: what was lost before it is not needed,
  /// nor is another.
  public mutating func noteKeyFrame(from sequenceNumber: UInt16) {
    losses.forget(before: unwrapper.index(of: sequenceNumber))
    keyFrames.satisfy()
  }

  /// How the stream was received since the last call; nil where nothing came yet.
  public mutating func reportBlock(at now: Instant) -> ReportBlock? {
    statistics.reportBlock(ssrc: options.ssrc, at: now)
  }
}
