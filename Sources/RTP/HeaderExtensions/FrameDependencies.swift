/// Which layer a frame belongs to and what it needs: a template, or such a one with what a packet says differently
/// (AV1 RTP specification A.8.1).
public struct FrameDependencies: Hashable, Sendable {
  /// The most frames that one refers to: AV1 refers to seven.
  public static let differenceLimit = 16

  /// The spatial layer, 0–3.
  public var spatialLayer: UInt8
  /// The temporal layer, 0–7.
  public var temporalLayer: UInt8
  /// What the frame is to each decode target.
  public var indications: [DecodeTargetIndication]
  /// How many frames back those lie that it refers to; 1–16 in a template, 1–4,096 otherwise.
  public var frameDifferences: [UInt16]
  /// For each chain how many frames back its last frame lies, 0 where none before is needed; at most 15 in a template.
  public var chainDifferences: [UInt8]

  /// Dependencies.
  public init(
    spatialLayer: UInt8, temporalLayer: UInt8, indications: [DecodeTargetIndication],
    frameDifferences: [UInt16] = [], chainDifferences: [UInt8] = []
  ) {
    self.spatialLayer = spatialLayer
    self.temporalLayer = temporalLayer
    self.indications = indications
    self.frameDifferences = frameDifferences
    self.chainDifferences = chainDifferences
  }

  /// Whether this can stand in a structure with so many decode targets and chains.
  func isTemplate(targetCount: Int, chainCount: Int) -> Bool {
    spatialLayer < FrameDependencyStructure.spatialLayerLimit
      && temporalLayer < FrameDependencyStructure.temporalLayerLimit
      && indications.count == targetCount && chainDifferences.count == chainCount
      && frameDifferences.count <= Self.differenceLimit
      && frameDifferences.allSatisfy { (1...16).contains($0) }
      && chainDifferences.allSatisfy { $0 <= 15 }
  }
}
