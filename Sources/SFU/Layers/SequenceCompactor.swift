/// Closes the gaps that packets leave which are not forwarded: those of layers a viewer does not get, and padding.
///
/// A viewer would take such a gap for loss. Only packets that are left out on purpose are closed; a packet
/// that has not arrived keeps its place.
struct SequenceCompactor {
  /// Packets back that are remembered.
  static let capacity: Int64 = 4096

  /// A bit for each packet left out, by the low bits of its index. Empty until there is one.
  private var leftOut: [UInt64] = []
  private var newest: Int64?
  private var count: Int64 = 0

  /// Forgets everything: packets of another input follow.
  mutating func removeAll() {
    newest = nil
    count = 0
    for place in leftOut.indices { leftOut[place] = 0 }
  }

  /// Leaves a packet out. False where its place was kept for it, as later packets went on before: it
  /// stays empty.
  mutating func leaveOut(_ index: Int64) -> Bool {
    guard index > newest ?? .min else { return contains(index) }
    if leftOut.isEmpty { leftOut = [UInt64](repeating: 0, count: Int(Self.capacity) / 64) }
    advance(to: index)
    leftOut[Self.word(index)] |= Self.bit(index)
    count &+= 1
    return true
  }

  /// The index of a packet that goes on with all those before it taken out that do not; nil for one that was
  /// left out, or is too old to tell.
  mutating func compact(_ index: Int64) -> Int64? {
    guard let newest, index <= newest else {
      advance(to: index)
      return index &- count
    }
    guard !leftOut.isEmpty else { return index }
    guard newest &- index < Self.capacity, !contains(index) else { return nil }
    return index &- count &+ countAfter(index, newest)
  }

  private mutating func advance(to index: Int64) {
    defer { newest = index }
    guard !leftOut.isEmpty, let newest else { return }
    guard index &- newest < Self.capacity else {
      for place in leftOut.indices { leftOut[place] = 0 }
      return
    }
    var position = newest &+ 1
    while position <= index {
      leftOut[Self.word(position)] &= ~Self.bit(position)
      position &+= 1
    }
  }

  private func contains(_ index: Int64) -> Bool {
    guard !leftOut.isEmpty, let newest, newest &- index < Self.capacity else { return false }
    return leftOut[Self.word(index)] & Self.bit(index) != 0
  }

  /// How many packets between two indices, the later one included, were left out.
  private func countAfter(_ index: Int64, _ newest: Int64) -> Int64 {
    var position = index &+ 1
    var sum: Int64 = 0
    while position <= newest {
      let width = min(64 - (position & 63), newest &- position &+ 1)
      let mask = (width == 64 ? UInt64.max : 1 << UInt64(width) - 1) << UInt64(position & 63)
      sum &+= Int64((leftOut[Self.word(position)] & mask).nonzeroBitCount)
      position &+= width
    }
    return sum
  }

  private static func word(_ index: Int64) -> Int { Int(index >> 6 & (capacity / 64 - 1)) }

  private static func bit(_ index: Int64) -> UInt64 { 1 << UInt64(index & 63) }
}
