import Wire

/// One m-section in which a viewer receives, and what is being sent in it.
final class Slot {
  /// Shown at this height where the viewer said nothing.
  static let defaultHeight = 360
  /// No picture is higher.
  static let heightLimit = 1 << 16
  /// Priorities beyond this are as good as this.
  static let priorityLimit = 1_000_000

  var plan: ReceiveSlot {
    didSet { lastPayloadType = nil }
  }
  let viewer: Member
  private(set) var source: Source?
  /// The stream that is forwarded now.
  var current: IncomingStream?
  /// The stream to forward from its next key frame on.
  var target: IncomingStream?
  var height = Slot.defaultHeight
  var rewriter: StreamRewriter
  var pictures: PictureRewriter
  var packetCount: UInt32 = 0
  var octetCount: UInt32 = 0
  var nextReport: Instant?
  /// The answer of `payloadType(for:)` before, which mostly comes again.
  private var lastPayloadType: (codec: PayloadCodec, value: UInt8)?

  init(plan: ReceiveSlot, viewer: Member, random: inout RandomSource) {
    self.plan = plan
    self.viewer = viewer
    rewriter = StreamRewriter(
      firstSequenceNumber: .random(in: 0...0x7fff, using: &random),
      firstTimestamp: .random(in: .min ... .max, using: &random))
    pictures = PictureRewriter(
      firstPicture: .random(in: 0...0x7fff, using: &random),
      firstBaseLayer: .random(in: .min ... .max, using: &random))
  }

  /// The viewer's payload type for a codec, if it takes that.
  func payloadType(for codec: PayloadCodec) -> UInt8? {
    if let lastPayloadType, lastPayloadType.codec == codec { return lastPayloadType.value }
    guard let value = plan.payloadTypes[codec] else { return nil }
    lastPayloadType = (codec, value)
    return value
  }

  /// Shows another source, or none.
  func show(_ newSource: Source?) {
    guard newSource !== source else { return }
    source?.slots.removeAll { $0 === self }
    source = newSource
    newSource?.slots.append(self)
    stop()
  }

  /// Stops forwarding until the next key frame (or packet, for sound).
  func stop() {
    current = nil
    target = nil
    rewriter.end()
    nextReport = nil
  }

  /// Chooses the layer to forward. Asks for a key frame where that is another one than now.
  func retarget(at now: Instant) {
    guard let source, source.isLive, plan.kind == .video,
      let best = source.bestStream(forHeight: height, at: now)
    else { return }
    if best === current {
      target = nil
    } else if target !== best {
      target = best
      // Before the viewer can receive it a key frame would be spent in vain, and the next is 500 ms off.
      if viewer.isConnected { best.keyFrames.want() }
    }
  }

  /// Whether a packet of `stream` may start being forwarded here.
  func mayBegin(with stream: IncomingStream, isKeyFrameStart: Bool) -> Bool {
    if plan.kind == .audio { return current == nil }
    guard isKeyFrameStart else { return false }
    return current == nil || target === stream
  }
}
