import RTP
import Wire

/// Makes one continuous outgoing RTP stream of whatever streams a slot shows in turn.
///
/// Sequence numbers go on without a gap over a switch, and the timestamp advances by the time that
/// passed, so a decoder sees one sender that never stopped (RFC 3550 §5.1). Gaps of the input stay, but those of an
/// outage become a gap of one: whoever loses a packet beside a jump by half the numbers cannot tell any longer
/// how often they have wrapped (RFC 3711 §3.3.1), and nothing of the slot opens there again.
struct StreamRewriter {
  /// A gap of more packets is an outage.
  static let gapLimit = Int64(NACKGenerator.gapLimit)

  /// Where an incoming packet goes in the outgoing stream.
  struct Position: Equatable {
    var sequenceNumber: UInt16
    var timestamp: UInt32
  }

  /// How the current input maps to the output.
  private struct Mapping {
    var firstInput: Int64
    var firstOutput: Int64
    var timestampOffset: UInt32
  }

  private var mapping: Mapping?
  private var newestOutput: Int64
  private var newestTimestamp: UInt32
  private var lastSentAt: Instant?

  /// Starts at the given random position (RFC 3550 §5.1).
  init(firstSequenceNumber: UInt16, firstTimestamp: UInt32) {
    newestOutput = Int64(firstSequenceNumber) - 1
    newestTimestamp = firstTimestamp
  }

  /// Whether an input is being forwarded.
  var isRunning: Bool { mapping != nil }

  /// What is added to the input's timestamps.
  var timestampOffset: UInt32? { mapping?.timestampOffset }

  /// Takes a new input, whose first packet has `index` and `timestamp`.
  mutating func begin(index: Int64, timestamp: UInt32, at now: Instant, clockRate: UInt32) {
    var next = newestTimestamp
    if let lastSentAt {
      next &+= max(1, Self.ticks(in: now - lastSentAt, clockRate: clockRate))
    }
    mapping = Mapping(
      firstInput: index, firstOutput: newestOutput &+ 1, timestampOffset: next &- timestamp)
  }

  /// Goes on with the packet `index` of the same input, without a gap for those between.
  mutating func skip(to index: Int64) {
    mapping?.firstInput = index
    mapping?.firstOutput = newestOutput &+ 1
  }

  /// Stops; the next input needs `begin`.
  mutating func end() { mapping = nil }

  /// The place of an input packet, or nil where it precedes the switch or nothing is forwarded.
  mutating func position(index: Int64, timestamp: UInt32, at now: Instant) -> Position? {
    guard var mapping, index >= mapping.firstInput else { return nil }
    var output = index &- mapping.firstInput &+ mapping.firstOutput
    if output &- newestOutput &- 1 > Self.gapLimit {
      output = newestOutput &+ 2
      mapping.firstInput = index
      mapping.firstOutput = output
      self.mapping = mapping
    }
    let outputTimestamp = timestamp &+ mapping.timestampOffset
    if output > newestOutput {
      newestOutput = output
      newestTimestamp = outputTimestamp
      lastSentAt = now
    }
    return Position(
      sequenceNumber: UInt16(truncatingIfNeeded: output), timestamp: outputTimestamp)
  }

  /// RTP ticks in `duration`, at least 0 and at most an hour's.
  static func ticks(in duration: Duration, clockRate: UInt32) -> UInt32 {
    let microseconds = min(max(duration.microseconds, 0), 3_600_000_000)
    return UInt32(truncatingIfNeeded: microseconds * Int64(clockRate) / 1_000_000)
  }
}
