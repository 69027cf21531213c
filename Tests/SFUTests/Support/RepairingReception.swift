import RTP
import Wire

/// What a client with retransmission has of one slot: it asks for what is missing, as browsers do.
struct RepairingReception {
  /// What came under a number.
  private struct Arrival {
    var picture: UInt16
    var timestamp: UInt32
    var marker: Bool
    var startsKeyFrame: Bool
  }

  private var unwrapper = SequenceUnwrapper()
  private var losses = NACKGenerator()
  private var arrivals: [Int64: Arrival] = [:]
  private var noticedAt: [Int64: Instant] = [:]
  private(set) var firstIndex: Int64?
  private(set) var newestIndex: Int64 = 0
  /// How long after it was missed each repeated packet came.
  private(set) var repairTimes: [Duration] = []
  private(set) var repeatCount = 0
  private(set) var paddingCount = 0
  /// Packets that came twice and were not the same.
  private(set) var differenceCount = 0
  /// Repetitions with a mid beside them.
  private(set) var namedRepeatCount = 0

  init(roundTrip: Duration) { losses.roundTrip = roundTrip }

  /// Numbers from the first to the newest that never came.
  var missing: [Int64] {
    guard let firstIndex else { return [] }
    return (firstIndex...newestIndex).filter { arrivals[$0] == nil }
  }

  /// Key frames of which every packet came.
  var wholeKeyFrameCount: Int {
    arrivals.count { start, arrival in
      arrival.startsKeyFrame && isWhole(from: start, timestamp: arrival.timestamp)
    }
  }

  private func isWhole(from start: Int64, timestamp: UInt32) -> Bool {
    var index = start
    while let part = arrivals[index], part.timestamp == timestamp {
      if part.marker { return true }
      index += 1
    }
    return false
  }

  var deadline: Instant? { losses.deadline }

  mutating func receive(_ header: RTPHeader, _ payload: Span<UInt8>, at now: Instant) {
    let index = unwrapper.unwrap(header.sequenceNumber)
    let before = newestIndex
    if firstIndex == nil { firstIndex = index }
    newestIndex = max(newestIndex, index)
    if index > before + 1, before > 0 {
      for missed in before + 1..<index { noticedAt[missed] = now }
    }
    losses.receive(index, at: now)
    note(index, header, payload)
  }

  /// A packet on the SSRC of repetitions (RFC 4588 §4).
  mutating func receiveRepeat(
    _ header: RTPHeader, _ payload: Span<UInt8>, isNamed: Bool, at now: Instant
  ) {
    guard payload.count > 2 else {
      paddingCount += 1
      return
    }
    repeatCount += 1
    if isNamed { namedRepeatCount += 1 }
    let number = UInt16(payload[0]) << 8 | UInt16(payload[1])
    let index = unwrapper.index(of: number)
    if let since = noticedAt[index], arrivals[index] == nil { repairTimes.append(now - since) }
    _ = losses.recover(index)
    note(index, header, payload.extracting(2...))
  }

  /// What to ask for now.
  mutating func due(at now: Instant) -> [UInt16] { losses.due(at: now) }

  private mutating func note(_ index: Int64, _ header: RTPHeader, _ payload: Span<UInt8>) {
    let picture =
      payload.count > 4 ? UInt16(payload[2] & 0x7f) << 8 | UInt16(payload[3]) : 0
    if let old = arrivals[index] {
      if old.picture != picture || old.timestamp != header.timestamp
        || old.marker != header.marker
      {
        differenceCount += 1
      }
    }
    arrivals[index] = Arrival(
      picture: picture, timestamp: header.timestamp, marker: header.marker,
      startsKeyFrame: payload.count > 4 && payload[0] == 0x90 && payload[4] & 1 == 0)
  }
}
