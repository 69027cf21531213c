/// Closes the gaps that packets leave which are not forwarded (padding, mostly).
///
/// A viewer would take such a gap for loss. Only packets dropped on purpose are closed; a packet
/// that has not arrived keeps its place.
struct SequenceCompactor {
  private static let capacity = 64

  private var dropped: [Int64] = []
  private var forgotten: Int64 = 0

  /// Notes that the packet with this index will not be forwarded.
  mutating func drop(_ index: Int64) {
    guard let place = place(of: index) else { return }
    dropped.insert(index, at: place)
    if dropped.count > Self.capacity {
      dropped.removeFirst()
      forgotten += 1
    }
  }

  /// The index with all dropped ones before it taken out.
  func compacted(_ index: Int64) -> Int64 {
    guard !dropped.isEmpty else { return index &- forgotten }
    var before = dropped.count
    while before > 0, dropped[before - 1] >= index { before -= 1 }
    return index &- forgotten &- Int64(before)
  }

  /// Where `index` belongs, or nil where it is there already or too old to matter.
  private func place(of index: Int64) -> Int? {
    var place = dropped.count
    while place > 0, dropped[place - 1] > index { place -= 1 }
    if place > 0, dropped[place - 1] == index { return nil }
    if place == 0, dropped.count == Self.capacity { return nil }
    return place
  }
}
