public import Wire

/// What became of a packet, as the other side tells.
public struct TransportPacketResult: Sendable, Hashable {
  /// Its place among all packets of the transport.
  public let index: Int64
  /// Its source.
  public let ssrc: UInt32
  /// Bytes of payload and what RTP and SRTP add, without UDP and IP.
  public let byteCount: Int
  /// When it was sent.
  public let sentAt: Instant
  /// When it arrived, on the other side's clock, whose origin is arbitrary; nil for a packet that was lost.
  public let arrivedAt: Instant?
}

/// Numbers all packets of a transport, remembers when each was sent, and turns feedback into what became of each
/// (draft-holmer-rmcat-transport-wide-cc-extensions-01).
public struct TransportSequencer: Sendable {
  /// Packets that are remembered.
  public static let historyLimit = 8192
  /// How long a packet is remembered.
  public static let memory = Duration.seconds(10)
  /// RTP's fixed header, its extensions as a rule, and the tag of SRTP.
  private static let overhead = 44

  private enum Fate: UInt8 {
    case unknown
    case toldLost
    case toldArrived
  }

  private struct Sent {
    let sentAt: Instant
    let ssrc: UInt32
    let byteCount: UInt16
    var fate = Fate.unknown
  }

  private static let smallestRing = 64

  /// By the low bits of the index; grows to the limit.
  private var history: [Sent] = []
  /// The oldest packet that is remembered, and the next one to be sent.
  private var firstIndex: Int64 = 0
  private var nextIndex: Int64 = 0
  /// The other side's reference time without wraps, in its ticks.
  private var reference: Int64?

  /// A sequencer whose first number is 0.
  public init() {}

  /// Packets that are remembered.
  public var historyCount: Int { Int(nextIndex &- firstIndex) }

  /// Bytes of memory that the history takes.
  public var byteCapacity: Int { history.capacity * MemoryLayout<Sent>.stride }

  /// Numbers a packet that is sent now, and remembers it.
  public mutating func next(byteCount: Int, ssrc: UInt32, at now: Instant) -> UInt16 {
    let oldest = now - Self.memory
    while firstIndex < nextIndex, history[place(of: firstIndex)].sentAt < oldest {
      firstIndex &+= 1
    }
    if historyCount == history.count {
      if history.count < Self.historyLimit { grow(at: now) } else { firstIndex &+= 1 }
    }
    let index = nextIndex
    nextIndex &+= 1
    history[place(of: index)] = Sent(
      sentAt: now, ssrc: ssrc, byteCount: UInt16(clamping: byteCount))
    return UInt16(truncatingIfNeeded: index)
  }

  private func place(of index: Int64) -> Int { Int(index) & (history.count &- 1) }

  private mutating func grow(at now: Instant) {
    let empty = Sent(sentAt: now, ssrc: 0, byteCount: 0)
    var larger = [Sent](repeating: empty, count: max(history.count * 2, Self.smallestRing))
    for index in firstIndex..<nextIndex {
      larger[Int(index) & (larger.count - 1)] = history[place(of: index)]
    }
    history = larger
  }

  /// The number of a packet, where its stream has the extension; 0 otherwise.
  mutating func number(
    _ extensions: StreamExtensionIDs, _ payloadByteCount: Int, ssrc: UInt32, at now: Instant
  ) -> UInt16 {
    guard extensions.transportSequence != 0 else { return 0 }
    return next(byteCount: payloadByteCount + Self.overhead, ssrc: ssrc, at: now)
  }

  /// What became of the packets that `feedback` tells of, in their order. Each is told as arrived once, and
  /// as lost at most once before that; those that are forgotten or were never sent are passed over.
  public mutating func receive(_ feedback: TransportFeedback) -> [TransportPacketResult] {
    var results: [TransportPacketResult] = []
    receive(feedback, into: &results)
    return results
  }

  /// Puts what became of the packets that `feedback` tells of in place of what `results` held, whose memory is used
  /// again.
  public mutating func receive(
    _ feedback: borrowing TransportFeedback, into results: inout [TransportPacketResult]
  ) {
    results.removeAll(keepingCapacity: true)
    let base = unwrap(feedback.baseSequenceNumber)
    var time = arrivalTime(feedback.referenceTime)
    var next = 0
    for arrival in feedback.arrivals {
      settleLost(next..<max(Int(arrival.offset), next), from: base, into: &results)
      next = Int(arrival.offset) + 1
      time = time + TransportFeedback.tick * Int64(arrival.delta)
      settle(base &+ Int64(arrival.offset), arrivedAt: time, into: &results)
    }
    settleLost(next..<max(Int(feedback.statusCount), next), from: base, into: &results)
  }

  /// A few bytes can tell of tens of thousands of lost packets: only those that are remembered are gone through.
  private mutating func settleLost(
    _ offsets: Range<Int>, from base: Int64, into results: inout [TransportPacketResult]
  ) {
    let first = max(base &+ Int64(offsets.lowerBound), firstIndex)
    let end = min(base &+ Int64(offsets.upperBound), nextIndex)
    guard first < end else { return }
    for index in first..<end { settle(index, arrivedAt: nil, into: &results) }
  }

  private mutating func settle(
    _ index: Int64, arrivedAt: Instant?, into results: inout [TransportPacketResult]
  ) {
    guard index >= firstIndex, index < nextIndex else { return }
    let place = place(of: index)
    let sent = history[place]
    switch (sent.fate, arrivedAt) {
    case (.toldArrived, _), (.toldLost, nil): return
    case (_, nil): history[place].fate = .toldLost
    case (_, _?): history[place].fate = .toldArrived
    }
    results.append(
      TransportPacketResult(
        index: index, ssrc: sent.ssrc, byteCount: Int(sent.byteCount), sentAt: sent.sentAt,
        arrivedAt: arrivedAt))
  }

  /// The index of a number: near the newest one sent.
  private func unwrap(_ number: UInt16) -> Int64 {
    let newest = nextIndex &- 1
    let offset = Int16(truncatingIfNeeded: number &- UInt16(truncatingIfNeeded: newest))
    return newest &+ Int64(offset)
  }

  /// 24 bits of 64 ms wrap every twelve days.
  private mutating func arrivalTime(_ referenceTime: UInt32) -> Instant {
    let value = Int64(referenceTime & 0xff_ffff)
    let last = reference ?? value
    let difference = Int32(truncatingIfNeeded: (value &- last) << 8) >> 8
    let unwrapped = last &+ Int64(difference)
    reference = max(last, unwrapped)
    return .zero + TransportFeedback.referenceTick * unwrapped
  }
}
