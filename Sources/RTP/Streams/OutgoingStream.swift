public import Wire

/// One source that this side sends: numbers its packets, adds their header extensions, repeats what got lost and
/// knows what the other side told of it (RFC 3550 §5.1, §6.4; RFC 4588).
///
/// It makes headers; whoever owns it sends them with their payload. Lost packets are repeated on a source of their own
/// (RTX) only: SRTP must not protect a sequence number twice. Where RTX was not agreed on, requests are
/// counted and nothing is repeated; a key frame heals the picture.
public struct OutgoingStream: Sendable {
  /// What a stream is from its beginning on.
  public struct Options: Sendable, Hashable {
    /// The source.
    public var ssrc: UInt32
    /// Ticks of its timestamps in a second.
    public var clockRate: UInt32
    /// Its m-section's tag; empty for none.
    public var mid: String
    /// Its simulcast layer; empty for none.
    public var rid: String
    /// The numbers of the header extensions it may write.
    public var extensions: StreamExtensionIDs
    /// The source of repetitions, if there is one.
    public var rtxSSRC: UInt32?
    /// From the payload type of a codec to that of its repetitions.
    public var rtxPayloadTypes: [UInt8: UInt8]
    /// What is kept for repetitions.
    public var cache: RetransmissionCache.Limits

    /// A stream without extensions and without repetitions.
    public init(ssrc: UInt32, clockRate: UInt32) {
      self.ssrc = ssrc
      self.clockRate = clockRate
      mid = ""
      rid = ""
      extensions = StreamExtensionIDs()
      rtxSSRC = nil
      rtxPayloadTypes = [:]
      cache = RetransmissionCache.Limits()
    }

    /// Whether lost packets can be repeated.
    public var hasRetransmission: Bool { rtxSSRC != nil && !rtxPayloadTypes.isEmpty }
  }

  /// Bytes that SRTP and the number of a repeated packet add to one.
  private static let overhead = 16 + 2

  /// What the stream is. Everything but the sources may change as it goes.
  public var options: Options {
    didSet {
      mid = Self.name(options.mid)
      rid = Self.name(options.rid)
    }
  }
  /// What was sent.
  public private(set) var counters = OutgoingCounters()
  /// What the other side told of it; nil before its first report.
  public internal(set) var remote: RemoteReception?
  /// The time to the other side and back, where it is known from elsewhere; reports of this stream replace it.
  public var roundTrip = Duration.milliseconds(100)

  private var mid: [UInt8]
  private var rid: [UInt8]
  private let timestampOffset: UInt32
  private var nextNumber: UInt16
  private var ownNumberOffset: UInt16?
  private var nextRepairNumber: UInt16
  private var cache: RetransmissionCache
  private var pendingRepairs: [RetransmissionCache.Packet] = []
  /// The media time and the time of the first packet that bore it.
  private var clock: (timestamp: UInt32, at: Instant)?
  private(set) var lastSentAt: Instant?
  private var hasNewPackets = false
  /// The middle bits of the last sender reports, newest last: what an honest report block can name.
  var reportsSent: [UInt32] = []
  var lastKeyFrameRequestAt: Instant?
  var lastIntraRequest: UInt8?

  /// A stream that has sent nothing. Numbers begin at random (RFC 3550 §5.1); streams that are layers of one
  /// picture share a `timestampOffset`.
  public init(options: Options, timestampOffset: UInt32, random: inout RandomSource) {
    self.options = options
    self.timestampOffset = timestampOffset
    mid = Self.name(options.mid)
    rid = Self.name(options.rid)
    // The lower half: the first packets cannot wrap before the receiver has seen one.
    nextNumber = UInt16(truncatingIfNeeded: random.next()) & 0x7fff
    nextRepairNumber = UInt16(truncatingIfNeeded: random.next()) & 0x7fff
    cache = RetransmissionCache(limits: options.cache)
  }

  /// The most bytes of payload that fit a datagram of `datagramByteCount` bytes, repetitions included.
  public func payloadLimit(datagramByteCount: Int) -> Int {
    var extensions = RTPHeaderExtensionList()
    write(
      audioLevel: AudioLevel(level: 0, hasVoice: false), orientation: VideoOrientation(byte: 0),
      rid: options.extensions.repairedRID, number: 0, at: .zero, into: &extensions)
    return max(
      datagramByteCount - RTPHeader.fixedByteCount - extensions.byteCount - Self.overhead, 1)
  }

  /// Makes the header of `packet`, which is sent now, and puts its extensions in place of what `extensions` holds.
  public mutating func makeHeader(
    for packet: OutgoingPacket, at now: Instant, transport: inout TransportSequencer,
    extensions: inout RTPHeaderExtensionList
  ) -> RTPHeader {
    let header = RTPHeader(
      payloadType: packet.payloadType, sequenceNumber: number(of: packet),
      timestamp: packet.timestamp &+ timestampOffset, ssrc: options.ssrc, marker: packet.marker)
    if clock?.timestamp != header.timestamp { clock = (header.timestamp, now) }
    lastSentAt = now
    hasNewPackets = true
    extensions.removeAll()
    write(
      audioLevel: packet.audioLevel, orientation: packet.videoOrientation,
      rid: options.extensions.rid,
      number: transport.number(
        options.extensions, packet.payload.count, ssrc: options.ssrc, at: now),
      at: now, into: &extensions)
    counters.note(packet.payload.count, RTPHeader.fixedByteCount + extensions.byteCount)
    if options.rtxSSRC != nil, options.rtxPayloadTypes[packet.payloadType] != nil {
      cache.store(
        .init(
          payloadType: packet.payloadType, marker: packet.marker,
          sequenceNumber: header.sequenceNumber, timestamp: header.timestamp,
          payload: packet.payload, audioLevel: packet.audioLevel,
          videoOrientation: packet.videoOrientation), at: now)
    }
    return header
  }

  /// Takes a request for lost packets. What may be repeated waits for `makeRepair`.
  public mutating func receive(_ request: GenericNACK, at now: Instant) {
    counters.requestCount += 1
    guard options.hasRetransmission else { return }
    for item in request.items {
      repair(item.packetID, at: now)
      for bit in 0..<16 as Range<UInt16> where item.followingLost >> bit & 1 == 1 {
        repair(item.packetID &+ bit &+ 1, at: now)
      }
    }
  }

  /// Makes the next repetition (RFC 4588 §4): its header, its extensions and, in `payload`, the number of the
  /// packet it repeats and what that carried. Call until there is none.
  public mutating func makeRepair(
    at now: Instant, transport: inout TransportSequencer,
    extensions: inout RTPHeaderExtensionList, payload: inout [UInt8]
  ) -> RTPHeader? {
    // What was agreed may have changed since a packet was kept.
    pendingRepairs.removeAll { options.rtxPayloadTypes[$0.payloadType] == nil }
    guard let ssrc = options.rtxSSRC, !pendingRepairs.isEmpty else { return nil }
    let packet = pendingRepairs.removeFirst()
    guard let payloadType = options.rtxPayloadTypes[packet.payloadType] else { return nil }
    let header = RTPHeader(
      payloadType: payloadType, sequenceNumber: nextRepairNumber, timestamp: packet.timestamp,
      ssrc: ssrc, marker: packet.marker)
    nextRepairNumber &+= 1
    payload.removeAll(keepingCapacity: true)
    payload.append(UInt8(truncatingIfNeeded: packet.sequenceNumber >> 8))
    payload.append(UInt8(truncatingIfNeeded: packet.sequenceNumber))
    payload += packet.payload
    extensions.removeAll()
    write(
      audioLevel: packet.audioLevel, orientation: packet.videoOrientation,
      rid: options.extensions.repairedRID,
      number: transport.number(options.extensions, payload.count, ssrc: ssrc, at: now), at: now,
      into: &extensions)
    counters.noteRepair(payload.count, RTPHeader.fixedByteCount + extensions.byteCount)
    return header
  }

  /// The report of what was sent (RFC 3550 §6.4.1), where something was since the last one but one.
  public mutating func senderReport(at now: Instant, epoch: Duration) -> SenderReport? {
    guard let clock, let lastSentAt else { return nil }
    guard hasNewPackets || now - lastSentAt < ReportSchedule.senderTimeout else { return nil }
    hasNewPackets = false
    let timestamp = NTP.timestamp(now, epoch: epoch)
    reportsSent.append(NTP.middle(timestamp))
    if reportsSent.count > 8 { reportsSent.removeFirst() }
    counters.reportCount += 1
    return SenderReport(
      ssrc: options.ssrc, ntpTimestamp: timestamp,
      rtpTimestamp: clock.timestamp &+ ticks(now - clock.at),
      packetCount: UInt32(truncatingIfNeeded: counters.packetCount),
      octetCount: UInt32(truncatingIfNeeded: counters.byteCount))
  }

  /// Counts a frame whose packets were sent.
  public mutating func noteFrame(isKeyFrame: Bool) {
    counters.frameCount += 1
    if isKeyFrame { counters.keyFrameCount += 1 }
  }

  mutating func noteKeyFrameRequest(isIntra: Bool) {
    if isIntra { counters.intraRequestCount += 1 } else { counters.pictureLossCount += 1 }
  }

  private mutating func repair(_ number: UInt16, at now: Instant) {
    guard let packet = cache.take(number, at: now, roundTrip: roundTrip) else { return }
    pendingRepairs.append(packet)
  }

  private mutating func number(of packet: OutgoingPacket) -> UInt16 {
    guard let own = packet.sequenceNumber else {
      defer { nextNumber &+= 1 }
      ownNumberOffset = nil
      return nextNumber
    }
    let offset = ownNumberOffset ?? nextNumber &- own
    ownNumberOffset = offset
    let number = own &+ offset
    if (number &+ 1).isNewer(than: nextNumber) { nextNumber = number &+ 1 }
    return number
  }

  private static func name(_ text: String) -> [UInt8] { Array(text.utf8.prefix(255)) }

  private func ticks(_ duration: Duration) -> UInt32 {
    let (seconds, rest) = duration.nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
    return UInt32(truncatingIfNeeded: seconds) &* options.clockRate
      &+ UInt32(truncatingIfNeeded: rest * Int64(options.clockRate) / 1_000_000_000)
  }

  private func write(
    audioLevel: AudioLevel?, orientation: VideoOrientation?, rid ridID: UInt8, number: UInt16,
    at now: Instant, into extensions: inout RTPHeaderExtensionList
  ) {
    let ids = options.extensions
    // Id 0 and empty names are left out by the list.
    if !mid.isEmpty { extensions.append(id: ids.mid, mid.span) }
    if !rid.isEmpty { extensions.append(id: ridID, rid.span) }
    if let audioLevel {
      extensions.append(id: ids.audioLevel, value: UInt64(audioLevel.byte), byteCount: 1)
    }
    if let orientation {
      extensions.append(id: ids.videoOrientation, value: UInt64(orientation.byte), byteCount: 1)
    }
    extensions.append(
      id: ids.absoluteSendTime, value: UInt64(AbsoluteSendTime(now).rawValue),
      byteCount: AbsoluteSendTime.byteCount)
    extensions.append(
      id: ids.transportSequence, value: UInt64(number),
      byteCount: TransportSequenceNumber.byteCount)
  }
}
