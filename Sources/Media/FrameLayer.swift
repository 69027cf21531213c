/// A frame's place among the scalability layers of VP8 or VP9.
public struct FrameLayer: Sendable, Hashable {
  /// The temporal layer: 0–3 for VP8, 0–7 for VP9. Layer 0 refers to layer 0 only.
  public var temporal: UInt8
  /// The spatial layer, 0–7; VP9 only. Of a received picture, the highest in it.
  public var spatial: UInt8
  /// A receiver of lower temporal layers may go on with this one from here: VP8's Y bit, VP9's U bit.
  public var isSwitchingPoint: Bool
  /// No other frame refers to this one: VP8's N bit. For VP9, no higher spatial layer does: the Z bit.
  public var isNonReference: Bool
  /// It depends on the next lower spatial layer of its picture; VP9 only.
  public var dependsOnLowerLayer: Bool
  /// It is the last one of its picture, after which RTP sets the marker bit.
  public var endsPicture: Bool
  /// How many pictures back the ones lie that it refers to: up to three of 1–127, for VP9 in flexible mode.
  public var references: [UInt8]

  /// A place among layers; the only layer by default.
  public init(
    temporal: UInt8 = 0, spatial: UInt8 = 0, isSwitchingPoint: Bool = false,
    isNonReference: Bool = false, dependsOnLowerLayer: Bool = false, endsPicture: Bool = true,
    references: [UInt8] = []
  ) {
    self.temporal = temporal
    self.spatial = spatial
    self.isSwitchingPoint = isSwitchingPoint
    self.isNonReference = isNonReference
    self.dependsOnLowerLayer = dependsOnLowerLayer
    self.endsPicture = endsPicture
    self.references = references
  }
}
