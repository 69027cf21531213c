/// What of a source's pictures a viewer gets. Numbers count from 0, the smallest.
struct LayerTarget: Hashable, Sendable {
  /// Which picture size: with simulcast the place among the source's RIDs, otherwise the spatial layer inside
  /// the one stream.
  var spatial: UInt8
  /// The highest temporal layer.
  var temporal: UInt8
  /// Key frames alone: a still picture now and then.
  var keyFramesOnly = false

  /// All there is.
  static let everything = LayerTarget(spatial: 7, temporal: 7)
}

/// A layer that a source sends.
struct LayerOption: Hashable, Sendable {
  /// What one would get.
  var target: LayerTarget
  /// Measured bit/s, with headers of all layers below RTP.
  var bitrate: Int
  /// Picture height in pixels.
  var height: Int
  /// Frames per second.
  var frameRate: Double
}
