import Wire

/// Makes one continuous outgoing RTP stream of whatever streams a slot shows in turn.
///
/// Sequence numbers go on without a gap over a switch, and the timestamp advances by the time that
/// passed, so a decoder sees one sender that never stopped (RFC 3550 §5.1).
struct StreamRewriter {
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

  /// Stops; the next input needs `begin`.
  mutating func end() { mapping = nil }

  /// The place of an input packet, or nil where it precedes the switch or nothing is forwarded.
  mutating func position(index: Int64, timestamp: UInt32, at now: Instant) -> Position? {
    guard let mapping, index >= mapping.firstInput else { return nil }
    let output = index &- mapping.firstInput &+ mapping.firstOutput
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

/// Keeps VP8 picture ids and TL0PICIDX running over a switch (RFC 7741 §4.2).
struct PictureRewriter {
  private var newestPicture: UInt16
  private var newestBaseLayer: UInt8
  private var pictureOffset: UInt16 = 0
  private var baseLayerOffset: UInt8 = 0

  /// Starts so that the first picture gets `firstPicture` and `firstBaseLayer`.
  init(firstPicture: UInt16, firstBaseLayer: UInt8) {
    newestPicture = (firstPicture &- 1) & 0x7fff
    newestBaseLayer = firstBaseLayer &- 1
  }

  /// Takes a new input, whose first frame has these numbers.
  mutating func begin(picture: UInt16, baseLayer: UInt8) {
    pictureOffset = (newestPicture &+ 1 &- picture) & 0x7fff
    baseLayerOffset = newestBaseLayer &+ 1 &- baseLayer
  }

  /// The outgoing 15-bit picture id.
  mutating func picture(_ input: UInt16) -> UInt16 {
    let output = (input &+ pictureOffset) & 0x7fff
    let ahead = (output &- newestPicture) & 0x7fff
    if ahead != 0, ahead < 0x4000 { newestPicture = output }
    return output
  }

  /// The outgoing TL0PICIDX.
  mutating func baseLayer(_ input: UInt8) -> UInt8 {
    let output = input &+ baseLayerOffset
    if output.isNewer(than: newestBaseLayer) { newestBaseLayer = output }
    return output
  }
}
