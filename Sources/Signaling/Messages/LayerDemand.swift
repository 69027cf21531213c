/// What of a source is wanted: the payload of `layers`.
public struct LayerDemand: Codable, Sendable, Equatable {
  /// Which of the receiver's own sources.
  public var source: StreamSource
  /// Whether anybody watches it at all.
  public var active: Bool
  /// Whether each simulcast layer is wanted, by its RID; missing without simulcast.
  public var layers: [String: Bool]?

  /// What is wanted of `source`.
  public init(source: StreamSource, active: Bool, layers: [String: Bool]? = nil) {
    self.source = source
    self.active = active
    self.layers = layers
  }
}
