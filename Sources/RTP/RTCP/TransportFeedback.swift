public import Wire

/// When each packet of a transport arrived (draft-holmer-rmcat-transport-wide-cc-extensions-01 §3.1).
///
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     |      base sequence number     |      packet status count      |
///     |                 reference time                | fb pkt. count |
///     |          packet chunk         |              ...              |
///     |   receive deltas ...                                          |
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
public struct TransportFeedback: Equatable, Sendable {
  /// A packet that has arrived.
  public struct Arrival: Equatable, Sendable {
    /// Its number less the base sequence number; wraps.
    public var offset: UInt16
    /// Time since the arrival before it, or since the reference time, in 250 µs.
    public var delta: Int16

    /// The packet `offset` after the first arrived `delta` × 250 µs after the one before it.
    public init(offset: UInt16, delta: Int16) {
      self.offset = offset
      self.delta = delta
    }
  }

  /// The unit of `Arrival.delta`.
  public static let tick = Duration.microseconds(250)
  /// The unit of `referenceTime`.
  public static let referenceTick = Duration.milliseconds(64)

  /// Who reports.
  public var senderSSRC: UInt32
  /// One of the sources reported on.
  public var mediaSSRC: UInt32
  /// The number of the first packet that is told of.
  public var baseSequenceNumber: UInt16
  /// How many packets are told of, arrived or not.
  public var statusCount: UInt16
  /// The receiver's clock at the start in 64 ms, from any origin; 24 bits on the wire, and wraps.
  public var referenceTime: UInt32
  /// Counts feedback packets, so that a lost one is noticed.
  public var feedbackCount: UInt8
  /// The packets that arrived, by their numbers; those not named did not.
  public var arrivals: [Arrival]

  /// Feedback with all its fields.
  public init(
    senderSSRC: UInt32, mediaSSRC: UInt32, baseSequenceNumber: UInt16, statusCount: UInt16,
    referenceTime: UInt32, feedbackCount: UInt8, arrivals: [Arrival]
  ) {
    self.senderSSRC = senderSSRC
    self.mediaSSRC = mediaSSRC
    self.baseSequenceNumber = baseSequenceNumber
    self.statusCount = statusCount
    self.referenceTime = referenceTime & 0xff_ffff
    self.feedbackCount = feedbackCount
    self.arrivals = arrivals
  }

  /// Feedback that tells of nothing: for those who read one after the other into the same memory.
  public init() {
    self.init(
      senderSSRC: 0, mediaSSRC: 0, baseSequenceNumber: 0, statusCount: 0, referenceTime: 0,
      feedbackCount: 0, arrivals: [])
  }

  init(parsing body: Span<UInt8>) throws(RTPError) {
    self.init()
    try read(body)
  }

  /// Takes what `body` says in place of what was there. Where it makes no sense, what is there then makes none either.
  mutating func read(_ body: Span<UInt8>) throws(RTPError) {
    var reader = ByteReader(body)
    do throws(Truncated) {
      senderSSRC = try reader.readUInt32()
      mediaSSRC = try reader.readUInt32()
      baseSequenceNumber = try reader.readUInt16()
      statusCount = try reader.readUInt16()
      referenceTime = try reader.readUInt24()
      feedbackCount = try reader.readUInt8()
      let symbols = try ArrivalSymbols(from: &reader, statusCount: Int(statusCount))
      // One byte at least for each arrival: the list cannot outgrow the packet.
      guard symbols.arrivedCount <= reader.remainingCount else { throw Truncated() }
      try readArrivals(symbols, from: &reader)
    } catch {
      throw .truncated
    }
  }

  @_lifetime(reader: copy reader)
  private mutating func readArrivals(
    _ symbols: consuming ArrivalSymbols, from reader: inout ByteReader
  ) throws(Truncated) {
    arrivals.removeAll(keepingCapacity: true)
    arrivals.reserveCapacity(symbols.arrivedCount)
    var first = 0
    while let chunk = symbols.next() {
      defer { first += chunk.count }
      if chunk.arrivedCount == 0 { continue }
      for position in 0..<chunk.count {
        let offset = UInt16(truncatingIfNeeded: first + position)
        switch chunk.symbol(at: position) {
        case .notReceived: break
        case .smallDelta:
          arrivals.append(Arrival(offset: offset, delta: Int16(try reader.readUInt8())))
        case .largeDelta:
          let delta = Int16(bitPattern: try reader.readUInt16())
          arrivals.append(Arrival(offset: offset, delta: delta))
        }
      }
    }
  }

  /// Length in bytes.
  public var byteCount: Int {
    let encoded = encoded
    return (20 + encoded.chunks.count * 2 + encoded.deltaByteCount + 3) / 4 * 4
  }

  /// Appends the packet; without room for all of it, nothing, and the answer is false.
  ///
  /// Arrivals that are out of order or beyond `statusCount` are left out.
  @discardableResult @_lifetime(output: copy output)
  public func write(into output: inout OutputSpan<UInt8>) -> Bool {
    let encoded = encoded
    let byteCount = (20 + encoded.chunks.count * 2 + encoded.deltaByteCount + 3) / 4 * 4
    let end = output.count + byteCount
    guard
      output.startRTCP(
        RTCPType.transportFeedback, count: Int(FeedbackFormat.transportWide),
        byteCount: byteCount)
    else { return false }
    output.append(bigEndian: senderSSRC)
    output.append(bigEndian: mediaSSRC)
    output.append(bigEndian: baseSequenceNumber)
    output.append(bigEndian: statusCount)
    output.append(bigEndian24: referenceTime)
    output.append(feedbackCount)
    for chunk in encoded.chunks { output.append(bigEndian: chunk) }
    var next = 0
    for arrival in arrivals where isTold(arrival, from: next) {
      next = Int(arrival.offset) + 1
      if let small = UInt8(exactly: arrival.delta) {
        output.append(small)
      } else {
        output.append(bigEndian: UInt16(bitPattern: arrival.delta))
      }
    }
    while output.count < end { output.append(0) }
    return true
  }

  private var encoded: (chunks: [UInt16], deltaByteCount: Int) {
    var chunks = ArrivalChunkWriter(capacity: arrivals.count / 7 + 2)
    var deltaByteCount = 0
    var next = 0
    for arrival in arrivals where isTold(arrival, from: next) {
      chunks.append(.notReceived, count: Int(arrival.offset) - next)
      let isSmall = UInt8(exactly: arrival.delta) != nil
      chunks.append(isSmall ? .smallDelta : .largeDelta, count: 1)
      deltaByteCount += isSmall ? 1 : 2
      next = Int(arrival.offset) + 1
    }
    chunks.append(.notReceived, count: Int(statusCount) - next)
    return (chunks.finish(), deltaByteCount)
  }

  /// Whether an arrival is in order, `next` being the first number that none before it had.
  private func isTold(_ arrival: Arrival, from next: Int) -> Bool {
    Int(arrival.offset) >= next && arrival.offset < statusCount
  }
}
