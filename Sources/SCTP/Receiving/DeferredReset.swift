internal import Wire

/// A reset of the other side's streams that waits for data sent before it (RFC 6525 §5.2.2), and what
/// has come for these streams meanwhile from after it.
struct DeferredReset: Sendable {
  /// What waits for the reset.
  enum Item: Sendable {
    case data(DataHeader, index: Int64, [UInt8])
    case skipped(ForwardTSN.Skipped)
  }

  struct Request: Hashable, Sendable {
    /// None means all.
    var streams: [UInt16]
    /// The unwrapped TSN all up to which have to arrive first.
    var index: Int64
    var number: UInt32
  }

  private static let maximumSkipped = 1024

  private(set) var pending: Request?
  private var performed: Request?
  private var performedNumber: UInt32?
  private var items: [Item] = []
  private var skippedCount = 0
  /// Bytes that wait, with what keeping them costs.
  private(set) var heldBytes = 0

  /// Whether something of a stream, with this unwrapped TSN, belongs after the reset.
  func concerns(_ stream: UInt16, _ index: Int64) -> Bool {
    guard let pending, index > pending.index else { return false }
    return pending.streams.isEmpty || pending.streams.contains(stream)
  }

  /// Whether the newest reset performed is this one, asked for again.
  func wasPerformed(_ streams: [UInt16], _ index: Int64) -> Bool {
    guard let performed else { return false }
    return performed.index == index && performed.streams == streams
  }

  /// Waits; asked for again, perhaps by another number, the same reset goes on waiting.
  mutating func begin(_ streams: [UInt16], _ index: Int64, number: UInt32) {
    pending = Request(streams: streams, index: index, number: number)
  }

  mutating func keep(_ header: DataHeader, _ index: Int64, _ payload: Span<UInt8>) {
    items.append(.data(header, index: index, [UInt8](copying: payload)))
    heldBytes += payload.count + FragmentQueue.overhead
  }

  /// Keeps what was given up; more than a sane sender has is not kept.
  mutating func keep(_ skipped: ForwardTSN.Skipped) {
    guard skippedCount < Self.maximumSkipped else { return }
    skippedCount += 1
    items.append(.skipped(skipped))
    heldBytes += FragmentQueue.overhead
  }

  /// The reset is performed: returns what waited for it.
  mutating func finish() -> [Item] {
    defer {
      items = []
      skippedCount = 0
      heldBytes = 0
    }
    performed = pending
    performedNumber = pending?.number
    pending = nil
    return items
  }

  /// The number of the request that was performed, once.
  mutating func takePerformedNumber() -> UInt32? { performedNumber.take() }
}
