import Wire

/// Units of H.264 or H.265 that share a payload, each behind its length in 16 bits.
struct UnitGroup {
  /// Where the units lie in the access unit.
  private(set) var units: [Range<Int>] = []
  /// Length of the payload with all of them aggregated.
  private(set) var byteCount: Int
  private let headerCount: Int

  /// An empty group whose payload starts with a header of `headerCount` bytes.
  init(headerCount: Int) {
    self.headerCount = headerCount
    byteCount = headerCount
  }

  /// Whether the unit can be added without making the payload longer than `limit`.
  func fits(_ unit: Range<Int>, limit: Int) -> Bool {
    guard !units.isEmpty else { return unit.count <= limit }
    return byteCount + 2 + unit.count <= limit && unit.count <= UInt16.max
  }

  mutating func add(_ unit: Range<Int>) {
    units.append(unit)
    byteCount += 2 + unit.count
  }

  mutating func removeAll() {
    units.removeAll(keepingCapacity: true)
    byteCount = headerCount
  }

  @_lifetime(output: copy output)
  func writeUnits(of bytes: Span<UInt8>, into output: inout OutputSpan<UInt8>) {
    for unit in units {
      output.append(bigEndian: UInt16(truncatingIfNeeded: unit.count))
      output.append(copying: bytes.extracting(unit))
    }
  }
}
