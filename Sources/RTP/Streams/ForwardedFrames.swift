/// Numbers the frames that are forwarded without a gap, and remembers which of the last 4,096 were.
///
/// A frame that has not arrived keeps its place: it is expected, since it may come late or be repaired.
struct ForwardedFrames: Sendable {
  /// Frames back that are remembered.
  static let capacity: Int64 = 4096

  /// What became of a frame.
  enum State {
    /// Not forwarded; it has no number.
    case dropped
    /// Forwarded.
    case forwarded
    /// Not arrived; a number waits for it.
    case expected
    /// Came late and was not wanted; its number stays empty.
    case refused
  }

  /// Both are empty until there is an input.
  private var arrived: [UInt64] = []
  private var numbered: [UInt64] = []
  /// The newest frame seen.
  private(set) var newest: Int64?
  private var first = Int64.max
  /// The number given last.
  private(set) var newestNumber: Int64

  /// Gives `firstNumber` to the first frame that is forwarded.
  init(firstNumber: UInt16) { newestNumber = Int64(firstNumber) - 1 }

  /// Forgets what was; frames of another input follow, the first of which is `index`.
  mutating func begin(at index: Int64) {
    first = index
    newest = index &- 1
    if arrived.isEmpty {
      arrived = [UInt64](repeating: 0, count: Int(Self.capacity / 64))
      numbered = arrived
    }
  }

  /// What became of the frame `index`; dropped also where it is not remembered.
  func state(of index: Int64) -> State {
    guard let newest, index >= first, index <= newest, newest &- index < Self.capacity
    else { return .dropped }
    switch (Self.bit(index, of: numbered), Self.bit(index, of: arrived)) {
    case (false, false): return .dropped
    case (true, true): return .forwarded
    case (true, false): return .expected
    case (false, true): return .refused
    }
  }

  /// Whether the receiver has the frame, or will once what is missing was repaired.
  func isAvailable(_ index: Int64) -> Bool {
    switch state(of: index) {
    case .forwarded, .expected: true
    case .dropped, .refused: false
    }
  }

  /// Notes a frame newer than all before it.
  mutating func append(_ index: Int64, isForwarded: Bool) {
    guard let newest, index > newest else { return }
    let missing = index &- newest &- 1
    for late in (index &- min(missing, Self.capacity))..<index {
      Self.set(late, true, in: &numbered)
      Self.set(late, false, in: &arrived)
    }
    Self.set(index, isForwarded, in: &numbered)
    Self.set(index, isForwarded, in: &arrived)
    newestNumber &+= missing &+ (isForwarded ? 1 : 0)
    self.newest = index
  }

  /// Notes what became of an expected frame.
  mutating func settle(_ index: Int64, isForwarded: Bool) {
    guard state(of: index) == .expected else { return }
    Self.set(index, true, in: &arrived)
    if !isForwarded { Self.set(index, false, in: &numbered) }
  }

  /// The number of a frame that was forwarded.
  func number(of index: Int64) -> Int64 {
    guard let newest, index < newest else { return newestNumber }
    return newestNumber &- Int64(count(from: index &+ 1, to: newest &+ 1))
  }

  /// How many numbers back from the frame `index` the number of `reference` is.
  func distance(from reference: Int64, to index: Int64) -> Int { count(from: reference, to: index) }

  /// Numbers given to frames from `start` up to `end`, which is not counted.
  private func count(from start: Int64, to end: Int64) -> Int {
    var position = max(start, first, end &- Self.capacity)
    var count = 0
    while position < end {
      let bit = UInt64(position & 63)
      let width = min(64 - Int64(bit), end &- position)
      let mask = (width == 64 ? UInt64.max : 1 << UInt64(width) - 1) << bit
      let word = Int(position >> 6 & 63)
      count += ((numbered[word] | arrived[word]) & mask).nonzeroBitCount
      position &+= width
    }
    return count
  }

  private static func bit(_ index: Int64, of words: [UInt64]) -> Bool {
    words[Int(index >> 6 & 63)] >> UInt64(index & 63) & 1 == 1
  }

  private static func set(_ index: Int64, _ value: Bool, in words: inout [UInt64]) {
    let mask = 1 << UInt64(index & 63) as UInt64
    if value { words[Int(index >> 6 & 63)] |= mask } else { words[Int(index >> 6 & 63)] &= ~mask }
  }
}
