/// Which temporal layers are forwarded: down at once, up by one layer with a picture of the new layer that needs no earlier
/// picture of it, and anywhere with a key frame.
struct TemporalLayerSwitch: Sendable {
  /// The highest layer that is wanted.
  var limit: UInt8 = .max
  /// The highest layer that is forwarded.
  private(set) var current: UInt8 = .max

  /// Whether a picture of `layer`, which comes next, is forwarded.
  mutating func admits(_ layer: UInt8, isSwitchingPoint: Bool, isKeyFrame: Bool) -> Bool {
    if isKeyFrame || limit < current {
      current = limit
    } else if isSwitchingPoint, layer <= limit, current < layer, layer - current == 1 {
      current = layer
    }
    return layer <= current
  }
}
