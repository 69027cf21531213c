import Wire

/// One direction of a link: its conditions, its own random numbers, and what it remembers.
struct Link {
  var conditions: LinkConditions
  private var random: RandomSource
  private var isBad = false
  private var freeAt = Instant.zero
  private var lastArrival = Instant.zero
  private var lastStreamArrival = Instant.zero

  init(_ conditions: LinkConditions, seed: UInt64) {
    self.conditions = conditions
    random = .seeded(seed)
  }

  /// What becomes of a datagram: lost, or arrivals with a delay each.
  enum Outcome {
    case dropped(PacketRecord.Fate)
    case arrivals([Arrival])
  }

  struct Arrival {
    let time: Instant
    let isCorrupted: Bool
  }

  /// Sends one datagram of `byteCount` bytes, headers included, at `now`.
  mutating func send(
    _ byteCount: Int, _ transport: Path.Transport, at now: Instant
  ) -> Outcome {
    if conditions.isDown { return .dropped(.lost) }
    if transport != .udp { return .arrivals([streamArrival(byteCount, now)]) }
    if byteCount > conditions.mtu { return .dropped(.tooLarge) }
    // Losses are drawn first, so that a change of another condition leaves them as they are.
    if isLost() { return .dropped(.lost) }
    guard let departure = departure(byteCount, now) else { return .dropped(.queueFull) }
    let copies = draw(conditions.duplication) ? 2 : 1
    return .arrivals((0..<copies).map { _ in arrival(departure) })
  }

  /// Flips one to three bits.
  mutating func corrupt(_ bytes: inout [UInt8]) {
    guard !bytes.isEmpty else { return }
    for _ in 0...random.next() % 3 {
      let index = Int(random.next() % UInt64(bytes.count))
      bytes[index] ^= 1 << UInt8(random.next() % 8)
    }
  }

  private mutating func isLost() -> Bool {
    switch conditions.loss {
    case .none: return false
    case .bernoulli(let probability): return draw(probability)
    case .gilbertElliott(let toBad, let toGood, let lossInGood, let lossInBad):
      if draw(isBad ? toGood : toBad) { isBad.toggle() }
      return draw(isBad ? lossInBad : lossInGood)
    }
  }

  /// When the last bit has left; nil where the queue is full.
  private mutating func departure(
    _ byteCount: Int, _ now: Instant, hasLimit: Bool = true
  ) -> Instant? {
    guard let bitsPerSecond = conditions.bitsPerSecond, bitsPerSecond > 0 else { return now }
    let start = max(freeAt, now)
    let waitingBytes = (start - now).seconds * Double(bitsPerSecond) / 8
    if hasLimit, waitingBytes + Double(byteCount) > Double(conditions.queueByteLimit) { return nil }
    let nanoseconds = Int64(byteCount) * 8_000_000_000 / bitsPerSecond
    freeAt = start + Duration(nanoseconds: nanoseconds)
    return freeAt
  }

  /// A part of a stream: every loss costs a repetition, and what comes after waits for it.
  private mutating func streamArrival(_ byteCount: Int, _ now: Instant) -> Arrival {
    var time = (departure(byteCount, now, hasLimit: false) ?? now) + conditions.delay
    var repetitions = 0
    while repetitions < 10, isLost() {
      time = time + max(conditions.delay * 2, .milliseconds(200))
      repetitions += 1
    }
    time = max(time, lastStreamArrival)
    lastStreamArrival = time
    return Arrival(time: time, isCorrupted: false)
  }

  private mutating func arrival(_ departure: Instant) -> Arrival {
    var time = departure + conditions.delay
    if conditions.jitter > .zero {
      let limit = UInt64(conditions.jitter.nanoseconds) + 1
      time = time + Duration(nanoseconds: Int64(random.next() % limit))
    }
    if draw(conditions.reordering) {
      time = time + conditions.reorderingDelay
    } else {
      time = max(time, lastArrival)
      lastArrival = time
    }
    return Arrival(time: time, isCorrupted: draw(conditions.corruption))
  }

  private mutating func draw(_ probability: Double) -> Bool {
    guard probability > 0 else { return false }
    return Double(random.next() >> 11) / Double(1 << 53) < probability
  }
}
