import Wire

/// Packets of one source by unwrapped sequence number, within a span that is bounded.
struct PacketWindow: Sendable {
  /// What the search for frames looks at.
  struct Facts: Sendable {
    let index: Int64
    let timestamp: UInt32
    let receivedAt: Instant
    let marker: Bool
    /// Nil for a packet without payload, which only fills its place.
    let start: PayloadDescription.Start?
    let isKeyFrame: Bool
  }

  /// What the frame is made of.
  struct Content: Sendable {
    let payload: [UInt8]
    let description: PayloadDescription?
  }

  private var facts: [Facts?]
  private var contents: [Content?]
  /// From the first place that may be taken to behind the last one that is.
  private(set) var range: Range<Int64> = 0..<0
  /// Packets held.
  private(set) var count = 0
  /// Bytes of payload held.
  private(set) var byteCount = 0

  init() {
    facts = Array(repeating: nil, count: 16)
    contents = Array(repeating: nil, count: 16)
  }

  var isEmpty: Bool { count == 0 }

  private func slot(_ index: Int64) -> Int { Int(truncatingIfNeeded: index) & (facts.count - 1) }

  /// The facts of the packet at `index`, if it is held.
  subscript(index: Int64) -> Facts? {
    range.contains(index) ? facts[slot(index)] : nil
  }

  /// The content of the packet at `index`, if it is held.
  func content(_ index: Int64) -> Content? {
    range.contains(index) ? contents[slot(index)] : nil
  }

  /// How many places there would be from the first to the last with a packet at `index`.
  func span(with index: Int64) -> Int64 {
    isEmpty ? 1 : max(range.upperBound, index + 1) - min(range.lowerBound, index)
  }

  /// Takes a packet whose place is free. The caller has looked at `span(with:)`.
  mutating func insert(_ packet: Facts, _ content: Content) {
    let index = packet.index
    if isEmpty {
      range = index..<index + 1
    } else {
      let wanted = min(range.lowerBound, index)..<max(range.upperBound, index + 1)
      grow(to: wanted.count)
      range = wanted
    }
    facts[slot(index)] = packet
    contents[slot(index)] = content
    count += 1
    byteCount += content.payload.count
  }

  /// Lets go of all packets before `index`, and tells how many different timestamps they had in a row.
  @discardableResult
  mutating func removeAll(before index: Int64) -> Int {
    let end = min(index, range.upperBound)
    guard range.lowerBound < end else { return 0 }
    var frameCount = 0
    var timestamp: UInt32?
    for place in range.lowerBound..<end {
      let slot = slot(place)
      guard let packet = facts[slot] else { continue }
      if packet.start != nil, packet.timestamp != timestamp {
        timestamp = packet.timestamp
        frameCount += 1
      }
      count -= 1
      byteCount -= contents[slot]?.payload.count ?? 0
      facts[slot] = nil
      contents[slot] = nil
    }
    range = end..<range.upperBound
    return frameCount
  }

  private mutating func grow(to span: Int) {
    guard span > facts.count else { return }
    var capacity = facts.count
    while capacity < span { capacity *= 2 }
    var grown: [Facts?] = Array(repeating: nil, count: capacity)
    var grownContents: [Content?] = Array(repeating: nil, count: capacity)
    for index in range {
      let target = Int(truncatingIfNeeded: index) & (capacity - 1)
      grown[target] = facts[slot(index)]
      grownContents[target] = contents[slot(index)]
    }
    facts = grown
    contents = grownContents
  }
}
