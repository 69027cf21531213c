internal import Wire

/// What waits to become chunks: a queue for each stream, and whose turn it is.
///
/// With DATA a message leaves in one piece, since its fragments have to have consecutive TSNs
/// (RFC 9260 §6.9); with I-DATA the streams take turns at every chunk (RFC 8260 §2).
struct SendQueue: Sendable {
  /// A piece of a message that is about to become a chunk.
  struct Piece: Sendable {
    let message: Int
    let offset: Int
    let byteCount: Int
    let fragmentNumber: UInt32
    let isFirst: Bool
    let isLast: Bool
  }

  /// All messages that wait or are outstanding.
  var messages = OutgoingMessageTable()
  var streams: [OutgoingStream] = []
  private var places: [UInt16: Int] = [:]
  private var schedule = StreamSchedule()
  /// The stream whose turn it is.
  private var current: Int?
  /// Streams being reset, few and far between.
  private var resetting: [Int] = []
  private var refused: [Int] = []
  /// Payload bytes that are not yet chunks, of all streams.
  private(set) var byteCount = 0
  /// Streams whose buffered amount fell to their threshold.
  private(set) var lowStreams: [UInt16] = []
  /// Whether messages are sent as I-DATA.
  var isInterleaved = false
  /// The most payload bytes of a chunk.
  let pieceLimit: Int

  init(pieceLimit: Int) { self.pieceLimit = pieceLimit }

  // MARK: Adding

  /// Appends a message to its stream's queue.
  mutating func add(_ message: SCTPMessage, _ delivery: SCTPDelivery, at now: Instant) {
    let stream = place(of: message.stream)
    let place = messages.insert(
      OutgoingMessage(
        payload: message.payload, stream: stream, identifier: message.identifier,
        isOrdered: delivery.isOrdered, expiry: delivery.lifetime.map { now + $0 },
        maximumRetransmissions: delivery.maximumRetransmissions))
    if let last = streams[stream].last { messages[last].next = place }
    if streams[stream].first == nil { streams[stream].first = place }
    streams[stream].last = place
    streams[stream].messageCount += 1
    streams[stream].byteCount += message.payload.count
    byteCount += message.payload.count
    enlist(stream)
  }

  /// The place of a stream in `streams`, made for it where there is none.
  mutating func place(of id: UInt16) -> Int {
    if let place = places[id] { return place }
    streams.append(OutgoingStream(id: id))
    places[id] = streams.count - 1
    return streams.count - 1
  }

  /// Bytes of a stream that are not yet chunks.
  func byteCount(of id: UInt16) -> Int { places[id].map { streams[$0].byteCount } ?? 0 }

  mutating func setLowThreshold(_ byteCount: Int, of id: UInt16) {
    let place = place(of: id)
    streams[place].lowThreshold = max(byteCount, 0)
  }

  mutating func setPriority(_ priority: UInt16, of id: UInt16) {
    let place = place(of: id)
    streams[place].priority = max(priority, 1)
  }

  /// Notes that a message of a stream was refused for want of room.
  mutating func noteRefusal(of id: UInt16) {
    let stream = place(of: id)
    guard !streams[stream].wasRefused else { return }
    streams[stream].wasRefused = true
    refused.append(stream)
  }

  /// Tells the streams whose messages were refused that there is room again.
  mutating func noteRoom() {
    for stream in refused {
      streams[stream].wasRefused = false
      lowStreams.append(streams[stream].id)
    }
    refused.removeAll()
  }

  /// Whether anyone waits for room.
  var hasRefused: Bool { !refused.isEmpty }

  /// The streams to tell of, each once for every time it fell.
  mutating func takeLowStreams() -> [UInt16] {
    guard !lowStreams.isEmpty else { return [] }
    defer { lowStreams.removeAll() }
    return lowStreams
  }

  // MARK: Taking out

  /// The message to cut a piece from next; those whose time was over before they began are dropped.
  mutating func nextMessage(at now: Instant) -> Int? {
    while let stream = current ?? serveNext() {
      guard streams[stream].isEligible, let message = streams[stream].first else {
        current = nil
        continue
      }
      guard messages[message].chunkCount == 0, messages[message].isExpired(at: now) else {
        return message
      }
      removeFirst(of: stream)
      messages.remove(message)
      endTurn(of: stream)
    }
    return nil
  }

  /// Cuts the next `count` bytes from what `nextMessage` gave.
  mutating func takePiece(of message: Int, byteCount count: Int, as chunk: Int64) -> Piece {
    let stream = messages[message].stream
    let isFirst = messages[message].chunkCount == 0
    if isFirst {
      messages[message].number = streams[stream].takeNumber(
        isOrdered: messages[message].isOrdered)
    }
    let piece = Piece(
      message: message, offset: messages[message].chunkedByteCount, byteCount: count,
      fragmentNumber: messages[message].chunkCount, isFirst: isFirst,
      isLast: count == messages[message].remainingByteCount)
    messages[message].chunkedByteCount += count
    messages[message].chunkCount &+= 1
    messages[message].outstandingCount += 1
    shrink(stream, by: count)
    if piece.isLast { removeFirst(of: stream) }
    if piece.isLast || isInterleaved { endTurn(of: stream) }
    return piece
  }

  /// Forgets what is left of a message that was begun and is given up.
  mutating func discardRest(of message: Int) {
    let stream = messages[message].stream
    guard streams[stream].first == message else { return }
    removeFirst(of: stream)
    if current == stream { endTurn(of: stream) }
  }

  private mutating func serveNext() -> Int? {
    while let turn = schedule.first {
      streams[turn.stream].isScheduled = false
      guard streams[turn.stream].isEligible else {
        schedule.removeFirst(isServed: false)
        continue
      }
      schedule.removeFirst(isServed: true)
      streams[turn.stream].virtualFinish = turn.finish
      current = turn.stream
      return turn.stream
    }
    return nil
  }

  /// Ends a stream's turn.
  private mutating func endTurn(of stream: Int) {
    current = nil
    enlist(stream)
  }

  private mutating func enlist(_ stream: Int) {
    guard current != stream, !streams[stream].isScheduled, streams[stream].isEligible,
      let first = streams[stream].first
    else { return }
    let remaining = messages[first].remainingByteCount
    let cost = StreamSchedule.cost(
      of: isInterleaved ? min(remaining, pieceLimit) : remaining,
      priority: streams[stream].priority)
    streams[stream].isScheduled = true
    let start = max(schedule.virtualTime, streams[stream].virtualFinish)
    schedule.insert(stream, finish: start &+ cost)
  }

  /// Takes the first message out of its stream's queue, done or not.
  private mutating func removeFirst(of stream: Int) {
    guard let message = streams[stream].first else { return }
    shrink(stream, by: messages[message].remainingByteCount)
    streams[stream].first = messages[message].next
    if streams[stream].first == nil { streams[stream].last = nil }
    messages[message].next = nil
    streams[stream].messageCount -= 1
    if case .draining(let count) = streams[stream].reset {
      streams[stream].reset = count > 1 ? .draining(messageCount: count - 1) : .ready
    }
  }

  private mutating func shrink(_ stream: Int, by count: Int) {
    let before = streams[stream].byteCount
    streams[stream].byteCount -= count
    byteCount -= count
    let threshold = streams[stream].lowThreshold
    if before > threshold, before - count <= threshold { lowStreams.append(streams[stream].id) }
  }
}

extension SendQueue {
  // MARK: Resetting streams (RFC 6525 §5.1.2)

  /// Has a stream send what it holds and then nothing more; later messages wait.
  mutating func prepareReset(of id: UInt16) {
    let stream = place(of: id)
    guard streams[stream].reset == .none else { return }
    let count = streams[stream].messageCount
    streams[stream].reset = count > 0 ? .draining(messageCount: count) : .ready
    resetting.append(stream)
  }

  /// Streams that have sent everything and wait for the reset to be asked for, or answered.
  // Inlined, since asking a value inside of a class would otherwise copy it.
  @inline(__always)
  var streamsReadyForReset: [UInt16] {
    resetting.isEmpty
      ? [] : resetting.compactMap { streams[$0].reset == .ready ? streams[$0].id : nil }
  }

  /// Lets streams go on; where they were reset, their numbers start again at zero.
  mutating func finishReset(of ids: [UInt16], wasPerformed: Bool) {
    for id in ids {
      guard let stream = places[id], streams[stream].reset != .none else { continue }
      resetting.removeAll { $0 == stream }
      streams[stream].reset = .none
      if wasPerformed {
        streams[stream].orderedNumber = 0
        streams[stream].unorderedNumber = 0
      }
      enlist(stream)
    }
  }

  /// Starts all numbers and all messages anew, for an association that was restarted (RFC 9260 §5.2.4.1).
  mutating func restart() {
    current = nil
    for stream in streams.indices {
      streams[stream].orderedNumber = 0
      streams[stream].unorderedNumber = 0
      if let first = streams[stream].first {
        let begun = messages[first].chunkedByteCount
        streams[stream].byteCount += begun
        byteCount += begun
        messages[first].chunkedByteCount = 0
        messages[first].chunkCount = 0
        messages[first].newestChunk = nil
        messages[first].outstandingCount = 0
      }
      enlist(stream)
    }
  }
}
