/// The template dependency structure of a coded video sequence (AV1 RTP specification A.8.2): what frames look like
/// that later packets then only name.
public struct FrameDependencyStructure: Hashable, Sendable {
  /// The most decode targets.
  public static let decodeTargetLimit = 32
  /// The most templates.
  public static let templateLimit = 64
  /// The most spatial layers.
  public static let spatialLayerLimit: UInt8 = 4
  /// The most temporal layers.
  public static let temporalLayerLimit: UInt8 = 8

  /// The size in which a spatial layer is to be shown, in pixels.
  public struct Resolution: Hashable, Sendable {
    /// 1–65,536.
    public let width: Int
    /// 1–65,536.
    public let height: Int

    /// A size; what is out of range is cut.
    public init(width: Int, height: Int) {
      self.width = min(max(width, 1), 1 << 16)
      self.height = min(max(height, 1), 1 << 16)
    }
  }

  /// The id of the first template, 0–63; the others follow, 0 after 63.
  public internal(set) var templateOffset: UInt8
  /// What frames may look like, in the order of ids.
  public let templates: [FrameDependencies]
  /// The decode targets.
  public let decodeTargets: [DecodeTarget]
  /// How many chains there are, at most one for each decode target.
  public let chainCount: Int
  /// Sizes of the spatial layers, or nothing.
  public let resolutions: [Resolution]

  /// A structure; nil where it cannot be written: layers that do not follow each other, numbers out of bounds, or tables of
  /// other lengths than `targetCount` and `chainCount`.
  ///
  /// `protectingChains` names for each decode target the chain that protects it; it is empty without chains.
  public init?(
    templateOffset: UInt8, targetCount: Int, chainCount: Int = 0, protectingChains: [UInt8] = [],
    templates: [FrameDependencies], resolutions: [Resolution] = []
  ) {
    guard templateOffset < Self.templateLimit, (1...Self.decodeTargetLimit).contains(targetCount),
      (0...targetCount).contains(chainCount), (1...Self.templateLimit).contains(templates.count),
      protectingChains.count == (chainCount > 0 ? targetCount : 0),
      protectingChains.allSatisfy({ $0 < chainCount }),
      templates.allSatisfy({ $0.isTemplate(targetCount: targetCount, chainCount: chainCount) }),
      templates[0].spatialLayer == 0, templates[0].temporalLayer == 0,
      zip(templates, templates.dropFirst()).allSatisfy({ Self.step(from: $0, to: $1) != nil })
    else { return nil }
    let spatialLayerCount = Int(templates[templates.count - 1].spatialLayer) + 1
    guard resolutions.isEmpty || resolutions.count == spatialLayerCount else { return nil }
    self.templateOffset = templateOffset
    self.templates = templates
    self.chainCount = chainCount
    self.resolutions = resolutions
    decodeTargets = (0..<targetCount).map { index in
      let members = templates.filter { $0.indications[index].isPresent }
      return DecodeTarget(
        spatialLayer: members.map(\.spatialLayer).max() ?? 0,
        temporalLayer: members.map(\.temporalLayer).max() ?? 0,
        chain: chainCount > 0 ? protectingChains[index] : nil)
    }
  }

  /// A bit for every decode target.
  public var allDecodeTargets: UInt32 {
    UInt32(truncatingIfNeeded: (1 as UInt64) << UInt64(decodeTargets.count) - 1)
  }

  /// The place in `templates` of a template id; nil where it names none.
  public func templateIndex(of id: UInt8) -> Int? {
    let index = Int((id &- templateOffset) & 63)
    return index < templates.count ? index : nil
  }

  /// The id of the template at `index`.
  func templateID(at index: Int) -> UInt8 {
    (templateOffset &+ UInt8(truncatingIfNeeded: index)) & 63
  }

  /// The code next_layer_idc between two templates that follow each other (table A.2).
  static func step(from previous: FrameDependencies, to next: FrameDependencies) -> UInt32? {
    if next.spatialLayer == previous.spatialLayer {
      if next.temporalLayer == previous.temporalLayer { return 0 }
      return next.temporalLayer == previous.temporalLayer + 1 ? 1 : nil
    }
    return next.spatialLayer == previous.spatialLayer + 1 && next.temporalLayer == 0 ? 2 : nil
  }
}
