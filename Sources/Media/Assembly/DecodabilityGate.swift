/// What to do with video frames after a loss.
public enum LossRecovery: Sendable, Hashable {
  /// Nothing is given out until the next key frame.
  case keyFrame
  /// Frames of VP8 and VP9 go on where TL0PICIDX proves that none of the lost ones is needed for them; otherwise
  /// nothing until the next key frame.
  case temporalLayers
  /// Every complete frame is given out. Audio is always treated so.
  case none
}

/// Holds back frames that cannot be decoded after a loss.
struct DecodabilityGate: Sendable {
  private let recovery: LossRecovery
  /// VP9's U bit speaks of later frames of higher layers, VP8's Y bit of the frame itself.
  private let switchesAfterwards: Bool
  /// Nothing is let through before the next key frame.
  private(set) var needsKeyFrame: Bool
  private var baseLayerIndex: UInt8?
  /// The highest temporal layer nothing is missing of; nil while that is true of all.
  private var intactLayer: UInt8?
  private var highestLayer: UInt8 = 0

  init(recovery: LossRecovery, codec: MediaCodec) {
    self.recovery = codec.isAudio ? .none : recovery
    switchesAfterwards = codec == .vp9
    needsKeyFrame = self.recovery != .none
  }

  /// A frame, or some, got lost.
  mutating func noteLoss() {
    switch recovery {
    case .none: break
    case .keyFrame: needsKeyFrame = true
    case .temporalLayers:
      if baseLayerIndex == nil { needsKeyFrame = true }
      intactLayer = 0
    }
  }

  /// Whether a complete frame can be decoded.
  mutating func admits(isKeyFrame: Bool, _ description: PayloadDescription) -> Bool {
    guard recovery != .none else { return true }
    if isKeyFrame {
      needsKeyFrame = false
      intactLayer = nil
      highestLayer = 0
      baseLayerIndex = description.layer == nil ? nil : description.baseLayerIndex
      return true
    }
    guard !needsKeyFrame else { return false }
    return recovery == .keyFrame || admitsLayer(of: description)
  }

  private mutating func admitsLayer(of description: PayloadDescription) -> Bool {
    guard let layer = description.layer, let index = description.baseLayerIndex else {
      needsKeyFrame = intactLayer != nil
      return !needsKeyFrame
    }
    highestLayer = max(highestLayer, layer.temporal)
    let expected = layer.temporal == 0 ? baseLayerIndex.map { $0 &+ 1 } : baseLayerIndex
    guard let intact = intactLayer else {
      baseLayerIndex = index
      return true
    }
    guard index == expected else {
      needsKeyFrame = true
      return false
    }
    baseLayerIndex = index
    if layer.temporal > intact {
      guard layer.isSwitchingPoint, !switchesAfterwards else { return false }
      if layer.temporal == intact + 1 { raise(to: layer.temporal) }
    } else if layer.isSwitchingPoint, switchesAfterwards {
      raise(to: max(intact, layer.temporal + 1))
    }
    return true
  }

  private mutating func raise(to layer: UInt8) {
    intactLayer = layer >= highestLayer ? nil : layer
  }
}
