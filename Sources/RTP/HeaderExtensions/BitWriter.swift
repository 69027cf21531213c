import Wire

/// Writes bits, most significant first.
struct BitWriter {
  private var pending: UInt64 = 0
  private var pendingCount = 0

  /// Appends the low `count` bits of `value`, at most 32. Whole bytes go to `output`.
  @_lifetime(output: copy output)
  mutating func write(_ value: UInt32, _ count: Int, into output: inout OutputSpan<UInt8>) {
    guard count > 0 else { return }
    let mask = count >= 32 ? UInt64(UInt32.max) : (1 << UInt64(count)) - 1
    pending = pending << UInt64(count) | UInt64(value) & mask
    pendingCount += count
    while pendingCount >= 8 {
      pendingCount -= 8
      output.append(UInt8(truncatingIfNeeded: pending >> UInt64(pendingCount)))
    }
  }

  /// Fills the last byte with zeros.
  @_lifetime(output: copy output)
  mutating func finish(into output: inout OutputSpan<UInt8>) {
    if pendingCount > 0 { write(0, 8 - pendingCount, into: &output) }
  }
}

/// The code ns(n) for numbers below `limit` (AV1 RTP specification A.8.2).
struct NonSymmetricCode {
  private let width: Int
  private let shortCount: Int

  /// Takes a limit of 1 to 2^16.
  init(limit: Int) {
    width = Int.bitWidth - limit.leadingZeroBitCount
    shortCount = (1 << width) - limit
  }

  /// Bits that `value` takes.
  func bitCount(_ value: Int) -> Int { value < shortCount ? width - 1 : width }

  @_lifetime(output: copy output)
  func write(_ value: Int, with writer: inout BitWriter, into output: inout OutputSpan<UInt8>) {
    let coded = value < shortCount ? value : value + shortCount
    writer.write(UInt32(truncatingIfNeeded: coded), bitCount(value), into: &output)
  }

  @_lifetime(reader: copy reader)
  func read(_ reader: inout BitReader) throws(RTPError) -> Int {
    let value = Int(try reader.read(width - 1))
    guard value >= shortCount else { return value }
    return value << 1 - shortCount + Int(try reader.read(1))
  }
}
