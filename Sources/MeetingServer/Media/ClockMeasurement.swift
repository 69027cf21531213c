import SCTP

/// What a peer does on a channel by which it measures one direction, in place of hearing the time and itself.
struct ClockMeasurement {
  /// The channel's protocol says which way.
  enum Direction: String {
    /// The peer sends, and hears after each message how many bytes have come.
    case up = "jumpa.upload"
    /// The peer asks for so many bytes, in decimal digits, and gets them in one message.
    case down = "jumpa.download"
  }

  /// What a peer may still measure.
  struct Budget {
    /// Bytes that it may send.
    var up: Int
    /// Bytes that it may ask for.
    var down: Int
  }

  /// What the words begin with that tell a peer to come later.
  static let refusalMark = "later: "
  /// The longest message that can be asked for.
  static let pieceByteCount = 16 << 10

  private let direction: Direction
  private var received = 0

  /// Nil for a channel of another protocol.
  init?(protocolName: String) {
    guard let direction = Direction(rawValue: protocolName) else { return nil }
    self.direction = direction
  }

  /// What is said to a message of the peer's; nil where it sends or asks for more than `budget` has, or asks for
  /// what is no number.
  mutating func answer(
    to message: DataChannelMessage, budget: inout Budget
  ) -> DataChannelMessage? {
    switch direction {
    case .up:
      guard message.bytes.count <= budget.up else { return nil }
      budget.up -= message.bytes.count
      received += message.bytes.count
      return .text("\(received)")
    case .down:
      guard message.kind == .text, let wanted = Int(message.string),
        (1...Self.pieceByteCount).contains(wanted), wanted <= budget.down
      else { return nil }
      budget.down -= wanted
      return .binary([UInt8](repeating: 0, count: wanted))
    }
  }
}
