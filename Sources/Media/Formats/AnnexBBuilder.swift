/// Builds an access unit in the byte stream format out of units and fragments.
///
/// Start codes are as short as Annex B allows: four bytes in front of the first unit and of parameter sets, three
/// elsewhere.
struct AnnexBBuilder {
  private var bytes: [UInt8] = []
  private var isInFragment = false

  init(reserving count: Int) { bytes.reserveCapacity(count) }

  /// Appends a whole unit; false if a fragmented one has not ended.
  mutating func append(_ unit: ArraySlice<UInt8>, isLong: Bool) -> Bool {
    guard !isInFragment else { return false }
    start(isLong: isLong)
    bytes += unit
    return true
  }

  /// Appends the units behind the header of an aggregation packet; false if they do not fit.
  mutating func appendAggregated(
    _ payload: [UInt8], headerCount: Int, isLong: (UInt8) -> Bool
  ) -> Bool {
    var position = headerCount
    while position < payload.count {
      guard position + 2 <= payload.count else { return false }
      let start = position + 2
      let end = start + (Int(payload[position]) << 8 | Int(payload[position + 1]))
      guard end <= payload.count else { return false }
      position = end
      guard start < end else { continue }
      guard append(payload[start..<end], isLong: isLong(payload[start])) else { return false }
    }
    return true
  }

  /// Appends a fragment of a unit whose own header is `header`. `flags` has the bits S and E on top.
  mutating func appendFragment(
    _ data: ArraySlice<UInt8>, flags: UInt8, header: [UInt8], isLong: Bool
  ) -> Bool {
    let isStart = flags & 0x80 != 0
    guard isStart != isInFragment else { return false }
    if isStart {
      start(isLong: isLong)
      bytes += header
    }
    bytes += data
    isInFragment = flags & 0x40 == 0
    return true
  }

  /// The access unit; nil if it is empty or ends within a fragmented unit.
  func finish() -> [UInt8]? { isInFragment || bytes.isEmpty ? nil : bytes }

  private mutating func start(isLong: Bool) {
    bytes += isLong || bytes.isEmpty ? AnnexB.longStartCode : AnnexB.startCode
  }
}
