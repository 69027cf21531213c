extension FrameDependencyStructure {
  /// Reads a structure, from template_id_offset on (AV1 RTP specification A.8.2).
  @_lifetime(reader: copy reader)
  init(reading reader: inout BitReader) throws(RTPError) {
    let offset = UInt8(truncatingIfNeeded: try reader.read(6))
    let targetCount = Int(try reader.read(5)) + 1
    var templates = try Self.readLayers(&reader)
    for index in templates.indices {
      templates[index].indications = try FrameDependencies.readIndications(targetCount, &reader)
    }
    for index in templates.indices {
      while try reader.read(1) == 1 {
        let difference = UInt16(truncatingIfNeeded: try reader.read(4)) + 1
        guard templates[index].frameDifferences.count < FrameDependencies.differenceLimit
        else { throw .malformed }
        templates[index].frameDifferences.append(difference)
      }
    }
    let chainCount = try NonSymmetricCode(limit: targetCount + 1).read(&reader)
    var protecting: [UInt8] = []
    if chainCount > 0 {
      let code = NonSymmetricCode(limit: chainCount)
      for _ in 0..<targetCount { protecting.append(UInt8(try code.read(&reader))) }
      for index in templates.indices {
        for _ in 0..<chainCount {
          templates[index].chainDifferences.append(UInt8(try reader.read(4)))
        }
      }
    }
    let layerCount = Int(templates[templates.count - 1].spatialLayer) + 1
    let resolutions = try Self.readResolutions(layerCount, &reader)
    guard
      let structure = Self(
        templateOffset: offset, targetCount: targetCount, chainCount: chainCount,
        protectingChains: protecting, templates: templates, resolutions: resolutions)
    else { throw .malformed }
    self = structure
  }

  @_lifetime(reader: copy reader)
  private static func readLayers(_ reader: inout BitReader) throws(RTPError) -> [FrameDependencies]
  {
    var spatial: UInt8 = 0
    var temporal: UInt8 = 0
    var templates: [FrameDependencies] = []
    while true {
      guard templates.count < templateLimit, spatial < spatialLayerLimit,
        temporal < temporalLayerLimit
      else { throw .malformed }
      templates.append(.init(spatialLayer: spatial, temporalLayer: temporal, indications: []))
      switch try reader.read(2) {
      case 0: break
      case 1: temporal += 1
      case 2:
        spatial += 1
        temporal = 0
      default: return templates
      }
    }
  }

  @_lifetime(reader: copy reader)
  private static func readResolutions(
    _ count: Int, _ reader: inout BitReader
  ) throws(RTPError) -> [Resolution] {
    var resolutions: [Resolution] = []
    guard try reader.read(1) == 1 else { return [] }
    for _ in 0..<count {
      let width = Int(try reader.read(16)) + 1
      resolutions.append(Resolution(width: width, height: Int(try reader.read(16)) + 1))
    }
    return resolutions
  }
}

extension FrameDependencies {
  /// Reads one indication for each decode target.
  @_lifetime(reader: copy reader)
  static func readIndications(
    _ count: Int, _ reader: inout BitReader
  ) throws(RTPError) -> [DecodeTargetIndication] {
    var indications: [DecodeTargetIndication] = []
    for _ in 0..<count {
      let value = UInt8(truncatingIfNeeded: try reader.read(2))
      indications.append(DecodeTargetIndication(rawValue: value) ?? .notPresent)
    }
    return indications
  }

  /// Reads frame differences of any size.
  @_lifetime(reader: copy reader)
  static func readDifferences(_ reader: inout BitReader) throws(RTPError) -> [UInt16] {
    var differences: [UInt16] = []
    while true {
      let size = Int(try reader.read(2))
      guard size > 0 else { return differences }
      guard differences.count < differenceLimit else { throw .malformed }
      differences.append(UInt16(truncatingIfNeeded: try reader.read(4 * size)) + 1)
    }
  }
}
