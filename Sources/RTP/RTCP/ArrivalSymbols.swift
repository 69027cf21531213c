import Wire

/// What transport-wide feedback tells of a packet (draft-holmer-rmcat-transport-wide-cc-extensions-01 §3.1.1).
enum ArrivalSymbol: UInt16 {
  case notReceived = 0
  case smallDelta = 1
  case largeDelta = 2
}

/// The packet chunks of a feedback packet, checked but not spread out: a run of 8,191 packets takes two
/// bytes on the wire, and no more room here.
struct ArrivalSymbols {
  struct Chunk {
    /// The first packet it tells of, from the base.
    let first: Int
    /// How many packets it tells of.
    let count: Int
    fileprivate let bits: UInt16

    /// The symbol of the packet `position` after the first.
    func symbol(at position: Int) -> ArrivalSymbol {
      ArrivalSymbol(rawValue: Self.symbol(of: bits, at: position)) ?? .notReceived
    }

    /// Run length: a symbol and 13 bits of count. Status vector: 14 symbols of one bit or 7 of two.
    fileprivate static func symbol(of bits: UInt16, at position: Int) -> UInt16 {
      guard bits >> 15 == 1 else { return bits >> 13 & 3 }
      return bits >> 14 & 1 == 0 ? bits >> (13 - position) & 1 : bits >> (12 - position * 2) & 3
    }

    fileprivate static func capacity(of bits: UInt16) -> Int {
      guard bits >> 15 == 1 else { return Int(bits & 0x1fff) }
      return bits >> 14 & 1 == 0 ? 14 : 7
    }
  }

  private(set) var chunks: [Chunk] = []
  /// How many packets arrived.
  private(set) var arrivedCount = 0

  /// Reads chunks until they tell of `statusCount` packets. The reserved symbol is refused.
  init(from reader: inout ByteReader, statusCount: Int) throws(Truncated) {
    var first = 0
    while first < statusCount {
      let bits = try reader.readUInt16()
      let count = min(Chunk.capacity(of: bits), statusCount - first)
      // A run of nothing would let a packet grow without telling anything.
      guard count > 0 else { throw Truncated() }
      if bits >> 15 == 0 {
        let symbol = Chunk.symbol(of: bits, at: 0)
        guard symbol != 3 else { throw Truncated() }
        arrivedCount += symbol == 0 ? 0 : count
      } else {
        for position in 0..<count {
          let symbol = Chunk.symbol(of: bits, at: position)
          guard symbol != 3 else { throw Truncated() }
          arrivedCount += symbol == 0 ? 0 : 1
        }
      }
      chunks.append(Chunk(first: first, count: count, bits: bits))
      first += count
    }
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
