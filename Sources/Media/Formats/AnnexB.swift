/// The byte stream format of H.264 and H.265 (Annex B of both): units behind start codes.
enum AnnexB {
  /// The start code in front of most units.
  static let startCode: [UInt8] = [0, 0, 1]
  /// The start code in front of an access unit and of parameter sets, which has one zero more.
  static let longStartCode: [UInt8] = [0, 0, 0, 1]

  /// Where the units of `bytes` lie, without start codes and the zeros around them; empty ones are left out.
  static func units(in bytes: Span<UInt8>) -> [Range<Int>] {
    var found: [Range<Int>] = []
    var start: Int?
    var position = 0
    while let code = nextStartCode(in: bytes, from: position) {
      if let start { append(start..<code, of: bytes, to: &found) }
      position = code + 3
      start = position
    }
    if let start { append(start..<bytes.count, of: bytes, to: &found) }
    return found
  }

  /// The first unit whose header byte is as wanted.
  static func firstUnit(
    in bytes: Span<UInt8>, where isWanted: (UInt8) -> Bool
  ) -> Range<Int>? {
    var position = 0
    while let code = nextStartCode(in: bytes, from: position) {
      let start = code + 3
      if start < bytes.count, isWanted(bytes[start]) {
        let end = nextStartCode(in: bytes, from: start) ?? bytes.count
        return start..<end
      }
      position = start
    }
    return nil
  }

  /// Where the next three bytes 0, 0, 1 lie, at or behind `position`.
  static func nextStartCode(in bytes: Span<UInt8>, from position: Int) -> Int? {
    var index = position + 2
    while index < bytes.count {
      // The third byte decides how far the pattern can be moved.
      switch bytes[index] {
      case 0: index += 1
      case 1:
        if bytes[index - 1] == 0, bytes[index - 2] == 0 { return index - 2 }
        index += 3
      default: index += 3
      }
    }
    return nil
  }

  private static func append(
    _ range: Range<Int>, of bytes: Span<UInt8>, to found: inout [Range<Int>]
  ) {
    var end = range.upperBound
    while end > range.lowerBound, bytes[end - 1] == 0 { end -= 1 }
    if end > range.lowerBound { found.append(range.lowerBound..<end) }
  }
}

/// Remembers the parameter sets of a stream and puts them in front of key frames that come without.
struct ParameterSetMemory: Sendable {
  private static let byteLimit = 1 << 16

  /// Behind start codes.
  private var sets: [UInt8] = []

  /// `bytes`, an access unit with the units at `units`, with parameter sets in front if it needs them.
  mutating func complete(
    _ bytes: [UInt8], units: [Range<Int>], isKey: (UInt8) -> Bool, isParameterSet: (UInt8) -> Bool
  ) -> [UInt8]? {
    let own = units.filter { isParameterSet(bytes[$0.lowerBound]) }
    guard own.isEmpty else {
      // A picture parameter set alone adds to what is known; with a sequence's, all starts anew.
      if own.count > 1 { sets.removeAll(keepingCapacity: true) }
      for range in own where sets.count + range.count < Self.byteLimit {
        sets += AnnexB.longStartCode + bytes[range]
      }
      return nil
    }
    guard !sets.isEmpty, units.contains(where: { isKey(bytes[$0.lowerBound]) }) else { return nil }
    return sets + AnnexB.longStartCode + bytes[units[0].lowerBound...]
  }
}
