/// Forwards to one viewer some of the spatial and temporal layers of VP9 (RFC 9628 §4.2), with picture ids and TL0PICIDX that go
/// on from stream to stream.
///
/// A frame is forwarded where the viewer has all that it refers to. So temporal layers go down at once, and up where a picture
/// refers to lower ones only. Spatial layers go up with a key frame. Lower ones go on with a higher one as far as that needs
/// them: then going down never waits; where only key pictures rest on lower layers, it takes one. Pictures without number or
/// layer are forwarded all.
public struct VP9LayerFilter: Sendable {
  /// Pictures back that are remembered: none refers farther.
  private static let memory: Int64 = 128

  private var numbers: PictureOffsets
  /// By the low bits of a picture's index, a bit for each spatial layer: frames that came, and those that went on.
  private var came: [UInt8] = []
  private var wentOn: [UInt8] = []
  private var newest = Int64.min
  private var first = Int64.max
  /// The highest spatial layer that is forwarded.
  public private(set) var spatialLayer: UInt8 = 0
  /// The highest spatial layer that the viewer is to get.
  public var spatialLimit: UInt8 = .max
  /// The highest temporal layer that the viewer is to get.
  public var temporalLimit: UInt8 = .max
  /// The highest temporal layer that is forwarded.
  public private(set) var temporalLayer: UInt8 = .max
  /// A bit for each spatial layer whose frames the viewer got from one on that needs no picture before.
  private var open: UInt8 = 0
  /// A bit for each spatial layer of which the viewer got everything since.
  private var intact: UInt8 = 0
  /// The spatial layer with which the viewer's newest picture ends.
  private var top: UInt8 = 7
  private var layerCount: UInt8 = 8
  private var isMissingLayer = false
  private var isRunning = false

  /// Gives these numbers to the first picture.
  public init(firstPicture: UInt16, firstBaseLayer: UInt8) {
    numbers = PictureOffsets(firstPicture: firstPicture, firstBaseLayer: firstBaseLayer)
  }

  /// Whether a key frame would bring the viewer what it should have.
  public var needsKeyFrame: Bool {
    !isRunning || isMissingLayer || spatialLayer != goal
  }

  /// The spatial layer that is to be forwarded, as far as there is one.
  private var goal: UInt8 { min(spatialLimit, layerCount - 1) }

  /// Stops; the next key frame begins, whatever stream it is of.
  public mutating func stop() { isRunning = false }

  /// The numbers of a packet's picture as the viewer gets it; nil where it gets none. `references` are what the picture
  /// refers to, where that is known.
  public mutating func take(
    _ descriptor: VP9PayloadDescriptor, references: PictureReferences?
  ) -> RewrittenPicture? {
    if descriptor.keyFrameStart != nil { start(descriptor) }
    guard isRunning else { return nil }
    var number: UInt16?
    if let picture = descriptor.pictureID {
      let index = numbers.index(of: picture)
      guard isForwarded(descriptor, index, references) else { return nil }
      number = numbers.pictureID(of: picture)
    }
    return RewrittenPicture(
      pictureID: number,
      baseLayerIndex: descriptor.baseLayerIndex.map { numbers.baseLayer($0.value) },
      endsPicture: descriptor.endsFrame && descriptor.spatialLayer == top)
  }

  private mutating func start(_ descriptor: VP9PayloadDescriptor) {
    let isRestart = descriptor.pictureID.map { numbers.isRestart($0) } ?? false
    guard !isRunning || isRestart else { return }
    numbers.begin(picture: descriptor.pictureID, baseLayer: descriptor.baseLayerIndex?.value)
    first = descriptor.pictureID.map { Int64($0.value) } ?? 0
    newest = first &- 1
    if came.isEmpty {
      came = [UInt8](repeating: 0, count: Int(Self.memory))
      wentOn = came
    }
    isRunning = true
  }

  private mutating func isForwarded(
    _ descriptor: VP9PayloadDescriptor, _ index: Int64, _ references: PictureReferences?
  ) -> Bool {
    guard index >= first, index > newest &- Self.memory else { return false }
    if index > newest { startPicture(descriptor, index) }
    let layer = descriptor.spatialLayer ?? 0
    let place = Self.place(index)
    let bit = 1 << layer as UInt8
    if came[place] & bit != 0 { return wentOn[place] & bit != 0 }
    came[place] |= bit
    if isWanted(descriptor, layer, index, references) {
      wentOn[place] |= bit
      temporalLayer = max(temporalLayer, descriptor.temporalLayer ?? 0)
      return true
    }
    if layer <= spatialLayer, descriptor.temporalLayer ?? 0 == 0 { intact &= ~bit }
    return false
  }

  /// Chooses the layers anew: the viewer has got its last picture whole.
  private mutating func startPicture(_ descriptor: VP9PayloadDescriptor, _ index: Int64) {
    for position in max(newest &+ 1, index &- Self.memory &+ 1)...index {
      came[Self.place(position)] = 0
      wentOn[Self.place(position)] = 0
    }
    newest = index
    if descriptor.spatialLayerCount > 0 {
      layerCount = UInt8(clamping: descriptor.spatialLayerCount)
    }
    if descriptor.keyFrameStart != nil {
      first = index
      (open, intact) = (0, 0)
      isMissingLayer = false
      if descriptor.spatialLayerCount == 0 { layerCount = 8 }
      spatialLayer = goal
      temporalLayer = min(temporalLimit, 7)
      top = spatialLayer
      return
    }
    if goal < spatialLayer, intact >> goal & 1 == 1 { spatialLayer = goal }
    temporalLayer = min(temporalLayer, temporalLimit)
    let highest = UInt8(truncatingIfNeeded: 7 - min(open.leadingZeroBitCount, 7))
    top = min(spatialLayer, highest)
    // The picture may say that what comes above it starts anew.
    if descriptor.isSwitchingPoint, descriptor.temporalLayer ?? 0 <= temporalLayer {
      temporalLayer = min(temporalLimit, 7)
    }
  }

  private mutating func isWanted(
    _ descriptor: VP9PayloadDescriptor, _ layer: UInt8, _ index: Int64,
    _ references: PictureReferences?
  ) -> Bool {
    let temporal = descriptor.temporalLayer ?? 0
    // Until a smaller picture can begin, the larger one goes on with as few frames as it can.
    let isWaiting = spatialLayer > goal
    guard layer <= spatialLayer, temporal <= (isWaiting ? 0 : temporalLimit) else { return false }
    let isReference = !descriptor.isNotReferenceForUpperLayers
    // What is not shown and not needed by what is shown.
    if layer < top, !isReference, open >> (layer + 1) & 1 == 1 { return false }
    guard isDecodable(descriptor, layer, index, references) else {
      if temporal == 0 || open >> layer & 1 == 0 { isMissingLayer = true }
      return false
    }
    let bit = 1 << layer as UInt8
    if !descriptor.isInterPicturePredicted {
      open |= bit
      intact |= bit
    }
    return true
  }

  private func isDecodable(
    _ descriptor: VP9PayloadDescriptor, _ layer: UInt8, _ index: Int64,
    _ references: PictureReferences?
  ) -> Bool {
    if descriptor.usesLowerLayer, layer > 0, !isAvailable(index, layer - 1) { return false }
    guard descriptor.isInterPicturePredicted else { return true }
    guard layer == 0 || open >> layer & 1 == 1 else { return false }
    guard let references else { return descriptor.temporalLayer ?? 0 <= temporalLayer }
    return (0..<references.count).allSatisfy { isAvailable(index &- Int64(references[$0]), layer) }
  }

  /// Whether the viewer has a frame, or will once what is missing was repaired.
  private func isAvailable(_ index: Int64, _ layer: UInt8) -> Bool {
    guard index >= first, index <= newest, index > newest &- Self.memory else { return false }
    let place = Self.place(index)
    return (wentOn[place] | ~came[place]) >> layer & 1 == 1
  }

  private static func place(_ index: Int64) -> Int { Int(index & (memory - 1)) }
}
