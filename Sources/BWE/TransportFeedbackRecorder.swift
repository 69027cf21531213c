public import RTP
public import Wire

/// The receiving side of transport-wide congestion control: notes when packets arrive and tells the sender
/// (draft-holmer-rmcat-transport-wide-cc-extensions-01).
///
/// Every packet is told of once it has arrived, or as missing once a later one has. One that comes
/// after it was told of as missing makes the report start with it again.
public struct TransportFeedbackRecorder: Sendable {
  /// The time from an arrival to the report of it, where nobody says otherwise.
  public static let interval = Duration.milliseconds(50)
  /// The time from an arrival to the report of it.
  public var interval = Self.interval
  /// The most bytes of one report: with protection it fits any path.
  public static let byteLimit = 1152
  /// Arrivals that are remembered.
  static let arrivalLimit = 4096
  /// Missing packets that are told of; after a longer gap, reports go on behind it.
  static let gapLimit: Int64 = 8192
  /// Arrivals of one report before its length is looked at.
  private static let reportLimit = 512
  /// How long an arrival is kept, so that a report that starts again tells the truth.
  private static let memory = Duration.milliseconds(500)

  private struct Arrival {
    let index: Int64
    let time: Instant
  }

  private let senderSSRC: UInt32
  private var mediaSSRC: UInt32 = 0
  private var unwrapper = SequenceUnwrapper()
  /// By index, reported ones included as long as they are remembered.
  private var arrivals: [Arrival] = []
  /// The first packet the next report tells of.
  private var nextIndex: Int64?
  /// Arrivals before this one may have been forgotten: nothing can be told of them any longer.
  private var memoryStart = Int64.min
  private var feedbackCount: UInt8 = 0
  /// When `nextFeedback` has something to say, if ever.
  public private(set) var deadline: Instant?

  /// A recorder that reports as `senderSSRC`.
  public init(senderSSRC: UInt32) { self.senderSSRC = senderSSRC }

  /// Takes the arrival of a packet of `ssrc` with this transport-wide number. The first arrival counts.
  public mutating func record(_ sequenceNumber: UInt16, ssrc: UInt32, at now: Instant) {
    let index = unwrapper.unwrap(sequenceNumber)
    mediaSSRC = ssrc
    guard let next = nextIndex else {
      nextIndex = index
      arrivals.append(Arrival(index: index, time: now))
      deadline = now + interval
      return
    }
    guard index >= memoryStart, insert(Arrival(index: index, time: now)) else { return }
    nextIndex = min(next, index)
    if deadline == nil { deadline = now + interval }
    if arrivals.count > Self.arrivalLimit {
      arrivals.removeFirst(arrivals.count - Self.arrivalLimit)
      memoryStart = arrivals[0].index
      nextIndex = max(min(next, index), memoryStart)
      deadline = now
    }
  }

  /// Begins anew after an outage: what was sent into it is not told of.
  public mutating func passOverOutage() {
    arrivals.removeAll(keepingCapacity: true)
    nextIndex = nil
    deadline = nil
  }

  /// The next report, if one is due. Call until there is none.
  public mutating func nextFeedback(at now: Instant) -> TransportFeedback? {
    guard let due = deadline, due <= now else { return nil }
    guard let next = nextIndex, let first = place(of: next) else {
      deadline = nil
      forget(before: now - Self.memory)
      return nil
    }
    let base = arrivals[first].index &- next > Self.gapLimit ? arrivals[first].index : next
    var count = countThatFits(from: first, base: base)
    var feedback = feedback(base: base, arrivals: arrivals[first..<first + count])
    while feedback.byteCount > Self.byteLimit, count > 1 {
      count = max(1, count * 3 / 4)
      feedback = self.feedback(base: base, arrivals: arrivals[first..<first + count])
    }
    nextIndex = arrivals[first + count - 1].index &+ 1
    feedbackCount &+= 1
    return feedback
  }

  private mutating func forget(before time: Instant) {
    for arrival in arrivals where arrival.time < time {
      memoryStart = max(memoryStart, arrival.index &+ 1)
    }
    arrivals.removeAll { $0.time < time }
  }

  /// How many arrivals one report can tell of: differences fit 16 bits of 250 µs, and numbers a run.
  private func countThatFits(from first: Int, base: Int64) -> Int {
    var count = 1
    var tick = Self.ticks(arrivals[first].time)
    while first + count < arrivals.count, count < Self.reportLimit {
      let next = arrivals[first + count]
      let nextTick = Self.ticks(next.time)
      guard Int16(exactly: nextTick &- tick) != nil, next.index &- base < 0x8000,
        next.index &- arrivals[first + count - 1].index <= Self.gapLimit
      else { break }
      tick = nextTick
      count += 1
    }
    return count
  }

  private func feedback(base: Int64, arrivals: ArraySlice<Arrival>) -> TransportFeedback {
    let start = arrivals.first.map { Self.ticks($0.time) >> 8 } ?? 0
    var tick = start << 8
    var last = base
    let told = arrivals.map { arrival in
      let arrivalTick = Self.ticks(arrival.time)
      defer {
        tick = arrivalTick
        last = arrival.index
      }
      return TransportFeedback.Arrival(
        offset: UInt16(truncatingIfNeeded: arrival.index &- base),
        delta: Int16(truncatingIfNeeded: arrivalTick &- tick))
    }
    return TransportFeedback(
      senderSSRC: senderSSRC, mediaSSRC: mediaSSRC,
      baseSequenceNumber: UInt16(truncatingIfNeeded: base),
      statusCount: UInt16(truncatingIfNeeded: last &- base &+ 1),
      referenceTime: UInt32(truncatingIfNeeded: start), feedbackCount: feedbackCount,
      arrivals: told)
  }

  /// The time in 250 µs, rounded down; 256 of them are one unit of the reference time.
  private static func ticks(_ time: Instant) -> Int64 {
    let (ticks, rest) = time.nanoseconds.quotientAndRemainder(
      dividingBy: TransportFeedback.tick.nanoseconds)
    return rest < 0 ? ticks - 1 : ticks
  }

  /// The first arrival that is not before `index`.
  private func place(of index: Int64) -> Int? {
    let place = lowerBound(of: index)
    return place < arrivals.count ? place : nil
  }

  private func lowerBound(of index: Int64) -> Int {
    var low = 0
    var high = arrivals.count
    while low < high {
      let middle = (low + high) / 2
      if arrivals[middle].index < index { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// Puts an arrival in its place; false if the packet has arrived before.
  private mutating func insert(_ arrival: Arrival) -> Bool {
    guard let last = arrivals.last, arrival.index <= last.index else {
      arrivals.append(arrival)
      return true
    }
    let place = lowerBound(of: arrival.index)
    guard arrivals[place].index != arrival.index else { return false }
    arrivals.insert(arrival, at: place)
    return true
  }
}
