/// Reads bits, most significant first; out of an H.264 or H.265 unit it passes over the emulation prevention bytes
/// (ITU-T H.264 §7.3.1, §9.1).
struct BitReader: ~Escapable {
  private let bytes: Span<UInt8>
  private let skipsEmulationPrevention: Bool
  private var position = 0
  private var current: UInt8 = 0
  private var left = 0
  private var zeros = 0

  @_lifetime(copy bytes)
  init(_ bytes: Span<UInt8>, skipsEmulationPrevention: Bool = true) {
    self.bytes = bytes
    self.skipsEmulationPrevention = skipsEmulationPrevention
  }

  /// Passes over `count` bits.
  @_lifetime(self: copy self)
  mutating func skip(_ count: Int) throws(RTPError) {
    for _ in 0..<count { _ = try read(1) }
  }

  /// The next `count` bits, at most 32.
  @_lifetime(self: copy self)
  mutating func read(_ count: Int) throws(RTPError) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<count {
      if left == 0 { try load() }
      left -= 1
      value = value << 1 | UInt32(current >> UInt8(left) & 1)
    }
    return value
  }

  /// An unsigned number as Exp-Golomb code, at most 2^16.
  @_lifetime(self: copy self)
  mutating func readExponentialGolomb() throws(RTPError) -> UInt32 {
    var zeroCount = 0
    while try read(1) == 0 {
      zeroCount += 1
      guard zeroCount <= 16 else { throw .malformed }
    }
    return (1 << UInt32(zeroCount)) - 1 + (try read(zeroCount))
  }

  /// A signed number as Exp-Golomb code.
  @_lifetime(self: copy self)
  mutating func readSignedExponentialGolomb() throws(RTPError) -> Int32 {
    let code = Int32(truncatingIfNeeded: try readExponentialGolomb())
    return code & 1 == 1 ? (code + 1) / 2 : -(code / 2)
  }

  @_lifetime(self: copy self)
  private mutating func load() throws(RTPError) {
    if skipsEmulationPrevention, zeros >= 2, position < bytes.count, bytes[position] == 3 {
      position += 1
      zeros = 0
    }
    guard position < bytes.count else { throw .truncated }
    current = bytes[position]
    position += 1
    zeros = current == 0 ? zeros + 1 : 0
    left = 8
  }
}
