import Wire

/// What transport-wide feedback tells of a packet (draft-holmer-rmcat-transport-wide-cc-extensions-01 §3.1.1).
enum ArrivalSymbol: UInt16 {
  case notReceived = 0
  case smallDelta = 1
  case largeDelta = 2
}

/// The packet chunks of a feedback packet, checked but not spread out: they are read where they lie, and again for
/// whoever walks through them.
struct ArrivalSymbols: ~Escapable {
  /// A chunk that tells of `count` packets.
  struct Chunk {
    let count: Int
    private let bits: UInt16

    /// A chunk of which the first `limit` packets count. Nil for one that tells of nothing, or has the reserved symbol:
    /// a run of nothing would let a packet grow without telling anything.
    init?(_ bits: UInt16, limit: Int) {
      self.bits = bits
      count = min(Self.capacity(of: bits), limit)
      guard count > 0 else { return nil }
      for position in 0..<(isRun ? 1 : count) where rawSymbol(at: position) == 3 { return nil }
    }

    /// Whether all its packets have one symbol.
    var isRun: Bool { bits >> 15 == 0 }

    /// The symbol of the packet `position` after the first.
    func symbol(at position: Int) -> ArrivalSymbol {
      ArrivalSymbol(rawValue: rawSymbol(at: position)) ?? .notReceived
    }

    /// How many of its packets arrived.
    var arrivedCount: Int {
      if isRun { return rawSymbol(at: 0) == 0 ? 0 : count }
      var arrived = 0
      for position in 0..<count where rawSymbol(at: position) != 0 { arrived += 1 }
      return arrived
    }

    /// Run length: a symbol and 13 bits of count. Status vector: 14 symbols of one bit or 7 of two.
    private func rawSymbol(at position: Int) -> UInt16 {
      guard !isRun else { return bits >> 13 & 3 }
      return bits >> 14 & 1 == 0 ? bits >> (13 - position) & 1 : bits >> (12 - position * 2) & 3
    }

    private static func capacity(of bits: UInt16) -> Int {
      guard bits >> 15 == 1 else { return Int(bits & 0x1fff) }
      return bits >> 14 & 1 == 0 ? 14 : 7
    }
  }

  /// How many packets arrived.
  private(set) var arrivedCount = 0
  private var reader: ByteReader
  private var left: Int

  /// Reads chunks until they tell of `statusCount` packets. The reserved symbol is refused.
  @_lifetime(copy reader)
  init(from reader: inout ByteReader, statusCount: Int) throws(Truncated) {
    self.reader = reader
    left = statusCount
    var rest = statusCount
    while rest > 0 {
      guard let chunk = Chunk(try reader.readUInt16(), limit: rest) else { throw Truncated() }
      arrivedCount += chunk.arrivedCount
      rest -= chunk.count
    }
  }

  /// The next chunk; nil after the last.
  @_lifetime(self: copy self)
  mutating func next() -> Chunk? {
    guard left > 0, let bits = try? reader.readUInt16(), let chunk = Chunk(bits, limit: left)
    else { return nil }
    left -= chunk.count
    return chunk
  }
}

/// Packs symbols into chunks: a run where one is long enough, else the vector that holds most.
struct ArrivalChunkWriter {
  private var chunks: [UInt16] = []
  /// Symbols not packed yet: the first `pendingCount`, at most 14, followed by `runCount` of `run`.
  private var pending = [14 of ArrivalSymbol](repeating: .notReceived)
  private var pendingCount = 0
  private var run = ArrivalSymbol.notReceived
  private var runCount = 0

  /// A writer with room for `capacity` chunks before it grows.
  init(capacity: Int) { chunks.reserveCapacity(capacity) }

  /// Adds `count` packets with one symbol.
  mutating func append(_ symbol: ArrivalSymbol, count: Int) {
    guard count > 0 else { return }
    if symbol != run {
      flushRun()
      run = symbol
    }
    runCount += count
  }

  /// All chunks.
  mutating func finish() -> [UInt16] {
    flushRun()
    while pendingCount > 0 { packVector() }
    return chunks
  }

  private mutating func flushRun() {
    defer { runCount = 0 }
    // Fill what is pending up to a whole vector first, or pass all on to it.
    while runCount > 0, pendingCount > 0 || runCount < 14 {
      pending[pendingCount] = run
      pendingCount += 1
      runCount -= 1
      if pendingCount >= 14 { packVector() }
    }
    while runCount > 0 {
      let count = min(runCount, 0x1fff)
      chunks.append(run.rawValue << 13 | UInt16(truncatingIfNeeded: count))
      runCount -= count
    }
  }

  private mutating func packVector() {
    var isOneBit = true
    for position in 0..<pendingCount where pending[position] == .largeDelta { isOneBit = false }
    let count = min(pendingCount, isOneBit ? 14 : 7)
    var bits: UInt16 = isOneBit ? 0x8000 : 0xc000
    for position in 0..<count {
      bits |= pending[position].rawValue << UInt16(isOneBit ? 13 - position : 12 - position * 2)
    }
    chunks.append(bits)
    for position in count..<pendingCount { pending[position - count] = pending[position] }
    pendingCount -= count
  }
}
