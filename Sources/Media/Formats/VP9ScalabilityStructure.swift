import Wire

/// What a VP9 stream tells of its layers and of the pattern of its pictures (RFC 9628 §4.2.1).
///
///       +-+-+-+-+-+-+-+-+
///       | N_S |Y|G|-|-|-|
///     Y: |     WIDTH, HEIGHT of each spatial layer     |
///     G: | N_G |, then for each picture | TID |U| R |-|-| and R times | P_DIFF |
public struct VP9ScalabilityStructure: Sendable, Hashable {
  /// One picture of the pattern that repeats.
  public struct Picture: Sendable, Hashable {
    /// The temporal layer, 0–7.
    public var temporal: UInt8
    /// Whether a receiver may switch up to this temporal layer here.
    public var isSwitchingPoint: Bool
    /// How many pictures back the ones lie that it refers to, at most three.
    public var references: [UInt8]

    /// A picture of the pattern.
    public init(temporal: UInt8 = 0, isSwitchingPoint: Bool = false, references: [UInt8] = [1]) {
      self.temporal = temporal
      self.isSwitchingPoint = isSwitchingPoint
      self.references = references
    }
  }

  /// The size of each spatial layer, lowest first: 1–8; further ones are not told.
  public var sizes: [FrameSize]
  /// The pattern, at most 255 pictures; empty where it is not told.
  public var group: [Picture]

  /// A structure.
  public init(sizes: [FrameSize], group: [Picture] = []) {
    self.sizes = sizes
    self.group = group
  }

  /// How many bytes `write` appends.
  var byteCount: Int {
    let pictures = group.prefix(255).reduce(0) { $0 + 1 + min($1.references.count, 3) }
    return 1 + min(sizes.count, 8) * 4 + (group.isEmpty ? 0 : 1 + pictures)
  }

  @_lifetime(output: copy output)
  func write(into output: inout OutputSpan<UInt8>) {
    let sizes = sizes.prefix(8)
    let spatialCount = UInt8(truncatingIfNeeded: max(sizes.count, 1) - 1)
    output.append(spatialCount << 5 | (sizes.isEmpty ? 0 : 0x10) | (group.isEmpty ? 0 : 0x08))
    for size in sizes {
      output.append(bigEndian: UInt16(clamping: size.width))
      output.append(bigEndian: UInt16(clamping: size.height))
    }
    guard !group.isEmpty else { return }
    output.append(UInt8(clamping: group.count))
    for picture in group.prefix(255) {
      let references = picture.references.prefix(3)
      let count = UInt8(truncatingIfNeeded: references.count)
      output.append(
        (picture.temporal & 7) << 5 | (picture.isSwitchingPoint ? 0x10 : 0) | count << 2)
      for reference in references { output.append(reference) }
    }
  }
}
