internal import Wire

/// Resets of our outgoing streams (RFC 6525 §5.1), and the numbers of the other side's requests.
struct StreamResets: Sendable {
  /// The request that is under way: there is never more than one.
  struct Request: Hashable, Sendable {
    var number: UInt32
    var lastTSN: UInt32
    var streams: [UInt16]
    /// Whether the answer to this number was "in progress".
    var isInProgress = false
  }

  /// The streams fit a packet beside other chunks.
  private static let maximumStreams = 256

  /// Streams to be reset that are in no request yet.
  private(set) var waiting: [UInt16] = []
  private(set) var current: Request?
  private var nextNumber: UInt32
  private var timer: RetryTimer

  /// The number the other side's next request has to have.
  var expectedNumber: UInt32 = 0
  /// The answer to its newest request.
  var newestResult = Reconfiguration.Response.Result.nothingToDo

  init(firstNumber: UInt32, maximumWait: Duration) {
    nextNumber = firstNumber
    timer = RetryTimer(maximum: maximumWait)
  }

  var deadline: Instant? { timer.deadline }

  /// Whether streams are in no request yet.
  var isWaiting: Bool { !waiting.isEmpty }

  /// Whether a stream is to be or is being reset.
  func concerns(_ stream: UInt16) -> Bool {
    waiting.contains(stream) || current?.streams.contains(stream) == true
  }

  mutating func add(_ stream: UInt16) { waiting.append(stream) }

  /// Makes a request of those streams that are ready for it, if none is under way.
  mutating func begin(
    lastTSN: UInt32, timeout: Duration, at now: Instant, ready: [UInt16]
  ) -> Reconfiguration? {
    guard current == nil, !waiting.isEmpty else { return nil }
    let streams = Array(waiting.filter(ready.contains).prefix(Self.maximumStreams))
    guard !streams.isEmpty else { return nil }
    waiting.removeAll(where: streams.contains)
    current = Request(number: nextNumber, lastTSN: lastTSN, streams: streams)
    nextNumber &+= 1
    timer.start(after: timeout, at: now)
    return chunk
  }

  /// The request to send again, if that is due. One that is "in progress" gets a new number: some
  /// receivers answer an old number with the old answer for ever.
  mutating func expire(at now: Instant) -> Reconfiguration? {
    guard timer.expire(at: now), current != nil else { return nil }
    if current?.isInProgress == true {
      current?.number = nextNumber
      current?.isInProgress = false
      nextNumber &+= 1
    }
    return chunk
  }

  /// Takes an answer. Returns the streams it settles.
  ///
  /// A late answer to an earlier number settles nothing: whether the other side knows of the current one decides
  /// which number it expects next.
  mutating func receive(
    _ response: Reconfiguration.Response, timeout: Duration, at now: Instant
  ) -> [UInt16] {
    guard let request = current, response.number == request.number else { return [] }
    if response.result == .inProgress {
      current?.isInProgress = true
      timer.start(after: timeout, at: now)
      return []
    }
    current = nil
    timer.stop()
    return request.streams
  }

  /// Takes all streams that are not settled, for the other side cannot reset them.
  mutating func takeAll() -> [UInt16] {
    defer {
      waiting = []
      current = nil
      timer.stop()
    }
    return (current?.streams ?? []) + waiting
  }

  private var chunk: Reconfiguration? {
    current.map { request in
      Reconfiguration([
        .outgoingReset(
          .init(
            number: request.number, responseNumber: expectedNumber &- 1,
            lastTSN: request.lastTSN, streams: request.streams))
      ])
    }
  }
}
