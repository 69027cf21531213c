/// One stream's queue and counters on the sending side.
struct OutgoingStream: Sendable {
  /// How far a reset of the stream has come (RFC 6525 §5.1.2).
  enum Reset: Hashable, Sendable {
    case none
    /// So many messages go out first.
    case draining(messageCount: Int)
    /// Nothing more leaves before the other side has answered.
    case ready
  }

  /// RFC 8831 §6.4's "normal".
  static let normalPriority: UInt16 = 256

  let id: UInt16
  /// Its weight among the streams (RFC 8260 §3.6).
  var priority = OutgoingStream.normalPriority
  /// Messages that are not yet chunks altogether, from `first` on by `OutgoingMessage.next`.
  var first: Int?
  var last: Int?
  var messageCount = 0
  /// Bytes of them that are not yet chunks.
  var byteCount = 0
  /// `byteCount` falling to it or below is told of.
  var lowThreshold = 0
  /// A message was refused: the owner waits to hear that there is room.
  var wasRefused = false
  /// The next stream sequence number, or the next identifier of an ordered message.
  var orderedNumber: UInt32 = 0
  /// The next identifier of an unordered message.
  var unorderedNumber: UInt32 = 0
  /// The virtual time at which its last turn was over.
  var virtualFinish: UInt64 = 0
  /// Whether it is among those the scheduler chooses from.
  var isScheduled = false
  var reset = Reset.none

  init(id: UInt16) { self.id = id }

  /// Whether its first message may become chunks now.
  var isEligible: Bool {
    switch reset {
    case .none: first != nil
    case .draining(let count): first != nil && count > 0
    case .ready: false
    }
  }

  /// Takes the next number of its kind; both wrap.
  mutating func takeNumber(isOrdered: Bool) -> UInt32 {
    if isOrdered {
      defer { orderedNumber &+= 1 }
      return orderedNumber
    }
    defer { unorderedNumber &+= 1 }
    return unorderedNumber
  }
}
