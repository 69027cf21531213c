import RTP
import Wire

/// Decides for each packet of the stream a slot shows whether the viewer gets it, and with which numbers.
///
/// The viewer's stream has no gap but those that the sender's losses leave. A layer that is not wanted any longer ends at
/// once; one that is wanted begins where it can be decoded, which may take a key frame.
struct SlotLayers {
  private(set) var rewriter: StreamRewriter
  private var compactor = SequenceCompactor()
  private var form = PacketLayer.Form.none
  private var vp8: VP8TemporalFilter
  private var vp9: VP9LayerFilter
  /// The index of the first packet of the stream that went on.
  private(set) var firstIndex = Int64.max
  private var descriptors: DependencyDescriptorRewriter
  /// Of VP9 beside descriptors.
  private var pictureOffsets: PictureOffsets
  private var lastTimestamp: UInt32 = 0
  /// Only key frames pass, from the picture with `lastTimestamp` on.
  private var isGated = false
  private(set) var keyFramesOnly = false
  /// Nothing passes but the rest of the picture that was begun.
  private var isHeld = false
  /// The time between two key frames where nothing else passes.
  var snapshotInterval = Duration.zero
  private var lastSnapshotAt: Instant?
  /// Whether the next packet begins somebody else's speech (RFC 3551 §4.1).
  private var marksNext = false
  /// The newest picture's verdict: most packets are not the first of theirs.
  private var picture: (input: UInt16, output: RewrittenPicture?)?
  /// The highest spatial layer within the stream that the viewer is to get.
  private(set) var spatialLimit: UInt8 = 7
  /// The highest temporal layer that the viewer is to get.
  private(set) var temporalLimit: UInt8 = 7
  /// Whether the viewer takes dependency descriptors.
  var writesDescriptors = false
  /// The descriptor of the packet that was taken last.
  private(set) var descriptor: [UInt8] = []
  /// The descriptors of the packets before.
  private(set) var sentDescriptors = SentDescriptors()

  /// Numbers begin at random (RFC 3550 §5.1).
  init(random: inout RandomSource) {
    rewriter = StreamRewriter(
      firstSequenceNumber: .random(in: 0...0x7fff, using: &random),
      firstTimestamp: .random(in: .min ... .max, using: &random))
    let picture = UInt16.random(in: 0...0x7fff, using: &random)
    let baseLayer = UInt8.random(in: .min ... .max, using: &random)
    vp8 = VP8TemporalFilter(firstPicture: picture, firstBaseLayer: baseLayer)
    vp9 = VP9LayerFilter(firstPicture: picture, firstBaseLayer: baseLayer)
    pictureOffsets = PictureOffsets(firstPicture: picture, firstBaseLayer: baseLayer)
    descriptors = DependencyDescriptorRewriter(firstFrameNumber: picture)
  }

  /// Whether a stream is being forwarded.
  var isRunning: Bool { rewriter.isRunning }

  /// Whether what is wanted begins with a key frame only.
  var needsKeyFrame: Bool {
    guard isRunning else { return false }
    if isGated { return !keyFramesOnly }
    switch form {
    case .none, .vp8: return false
    case .vp9: return vp9.needsKeyFrame
    case .described: return descriptors.needsKeyFrame
    }
  }

  /// The highest temporal layer that goes on now, at most the limit.
  var temporalLayer: UInt8 {
    switch form {
    case .none: temporalLimit
    case .vp8: min(vp8.temporalLayer, temporalLimit)
    case .vp9: min(vp9.temporalLayer, temporalLimit)
    case .described: descriptors.target?.temporalLayer ?? temporalLimit
    }
  }

  /// The highest spatial layer that goes on now.
  var spatialLayer: UInt8 {
    switch form {
    case .none, .vp8: 0
    case .vp9: vp9.spatialLayer
    case .described: descriptors.target?.spatialLayer ?? 0
    }
  }

  /// Sets what of the stream the viewer is to get.
  mutating func limit(spatial: UInt8, temporal: UInt8, keyFramesOnly: Bool) {
    if spatial != spatialLimit || temporal != temporalLimit {
      spatialLimit = spatial
      temporalLimit = temporal
      vp8.limit = temporal
      vp9.spatialLimit = spatial
      vp9.temporalLimit = temporal
      descriptors.limit(spatialLayer: spatial, temporalLayer: temporal)
    }
    guard keyFramesOnly != self.keyFramesOnly else { return }
    self.keyFramesOnly = keyFramesOnly
    // What follows the last key frame was not forwarded, or will not be.
    if isRunning { isGated = true }
  }

  /// Takes a new stream, the first packet of which is `packet`.
  mutating func begin(
    _ packet: borrowing IncomingStream.Pending, at now: Instant, clockRate: UInt32,
    isMarked: Bool = false
  ) {
    marksNext = isMarked
    rewriter.begin(
      index: packet.index, timestamp: packet.header.timestamp, at: now, clockRate: clockRate)
    restart(with: packet)
  }

  /// Ends the stream with the picture that was begun: not even key frames pass.
  mutating func hold() {
    guard isRunning else { return }
    isHeld = true
    isGated = true
  }

  /// Goes on after `hold`, with the next key frame.
  mutating func resume() { isHeld = false }

  /// Stops; the next stream needs `begin`.
  mutating func end() {
    rewriter.end()
    isHeld = false
    isGated = false
  }

  /// Begins anew with a key frame.
  private mutating func restart(with packet: borrowing IncomingStream.Pending) {
    isHeld = false
    firstIndex = packet.index
    lastTimestamp = packet.header.timestamp
    isGated = keyFramesOnly
    compactor.removeAll()
    picture = nil
    form = packet.layer.form ?? .none
    switch packet.layer {
    case .none, .padding: break
    case .vp8: vp8.stop()
    case .vp9: vp9.stop()
    case .described(let layer):
      descriptors.stop()
      pictureOffsets.begin(picture: layer.pictureID, baseLayer: layer.baseLayerIndex?.value)
    }
  }

  /// Leaves out a packet that goes on within another one. False where a place was kept for it.
  mutating func leaveOut(_ index: Int64) -> Bool {
    index >= firstIndex && compactor.leaveOut(index)
  }

  /// How a packet of `stream` goes on; nil where the viewer does not get it.
  mutating func take(
    _ packet: borrowing IncomingStream.Pending, of stream: IncomingStream, at now: Instant
  ) -> LayerVerdict? {
    if packet.isKeyFrameStart, packet.layer.form != form { awaitKeyFrame(after: packet) }
    if isGated, !opens(for: packet, at: now) { return nil }
    guard packet.index >= firstIndex else { return nil }
    var verdict = LayerVerdict(sequenceNumber: 0, timestamp: 0, marker: packet.header.marker)
    guard decide(packet, stream, &verdict) else {
      return leaveOut(packet, at: now)
    }
    guard place(&verdict, packet, at: now) else { return nil }
    if marksNext {
      verdict.marker = true
      marksNext = false
    }
    lastTimestamp = packet.header.timestamp
    if verdict.hasDescriptor {
      sentDescriptors.note(descriptor, sequenceNumber: verdict.sequenceNumber)
    }
    return verdict
  }

  /// Whether the viewer gets a packet of this layer; fills in what is written into it.
  private mutating func decide(
    _ packet: borrowing IncomingStream.Pending, _ stream: IncomingStream,
    _ verdict: inout LayerVerdict
  ) -> Bool {
    let picture: RewrittenPicture?
    let index = packet.index
    switch packet.layer {
    case .padding: return false
    case .none: return form == .none
    case .vp8(let descriptor):
      guard form == .vp8 else { return false }
      picture = self.picture(of: descriptor, packet.isKeyFrameStart)
    case .vp9(let descriptor, let references):
      guard form == .vp9 else { return false }
      picture = vp9.take(descriptor, references: references)
    case .described(let layer):
      return form == .described && describe(layer, index, stream, &verdict)
    }
    guard let picture else { return false }
    verdict.pictureID = picture.pictureID
    verdict.baseLayerIndex = picture.baseLayerIndex
    if picture.endsPicture { verdict.marker = true }
    return true
  }

  private mutating func describe(
    _ layer: DescribedLayer, _ index: Int64, _ stream: IncomingStream,
    _ verdict: inout LayerVerdict
  ) -> Bool {
    guard let place = stream.frames.place(of: index),
      let forwarded = descriptors.rewrite(stream.frames.entries[place].packet)
    else { return false }
    if forwarded.endsPicture { verdict.marker = true }
    verdict.pictureID = layer.pictureID.map { pictureOffsets.pictureID(of: $0) }
    verdict.baseLayerIndex = layer.baseLayerIndex.map { pictureOffsets.baseLayer($0.value) }
    guard writesDescriptors else { return true }
    let count = forwarded.descriptor.byteCount(targetCount: forwarded.targetCount)
    descriptor.removeAll(keepingCapacity: true)
    descriptor.append(addingCapacity: count) {
      forwarded.descriptor.write(targetCount: forwarded.targetCount, into: &$0)
    }
    verdict.hasDescriptor = true
    return true
  }

  private mutating func picture(
    of descriptor: VP8PayloadDescriptor, _ startsKeyFrame: Bool
  ) -> RewrittenPicture? {
    guard let number = descriptor.pictureID?.value else {
      return vp8.take(descriptor, startsKeyFrame: startsKeyFrame)
    }
    if let picture, picture.input == number, !startsKeyFrame { return picture.output }
    let output = vp8.take(descriptor, startsKeyFrame: startsKeyFrame)
    picture = (number, output)
    return output
  }

  /// The sender went over to another codec in the same stream.
  private mutating func awaitKeyFrame(after packet: borrowing IncomingStream.Pending) {
    isGated = true
    lastTimestamp = ~packet.header.timestamp
  }

  /// Whether a packet passes where only key frames do.
  private mutating func opens(
    for packet: borrowing IncomingStream.Pending, at now: Instant
  ) -> Bool {
    if packet.header.timestamp == lastTimestamp { return true }
    guard packet.isKeyFrameStart, !packet.isLate, !isHeld else { return false }
    if keyFramesOnly {
      // Others may have asked for more of them than this viewer can take.
      if let lastSnapshotAt, now - lastSnapshotAt < snapshotInterval * 3 / 4 { return false }
      lastSnapshotAt = now
    }
    rewriter.skip(to: packet.index)
    restart(with: packet)
    return true
  }

  private mutating func place(
    _ verdict: inout LayerVerdict, _ packet: borrowing IncomingStream.Pending, at now: Instant
  ) -> Bool {
    guard let index = compactor.compact(packet.index),
      let position = rewriter.position(
        index: index, timestamp: packet.header.timestamp, at: now)
    else { return false }
    verdict.sequenceNumber = position.sequenceNumber
    verdict.timestamp = position.timestamp
    return true
  }

  /// A packet that comes late has a number already, which would stay empty.
  private mutating func leaveOut(
    _ packet: borrowing IncomingStream.Pending, at now: Instant
  ) -> LayerVerdict? {
    guard !compactor.leaveOut(packet.index) else { return nil }
    var filler = LayerVerdict(sequenceNumber: 0, timestamp: 0, marker: false, isFiller: true)
    return place(&filler, packet, at: now) ? filler : nil
  }
}
