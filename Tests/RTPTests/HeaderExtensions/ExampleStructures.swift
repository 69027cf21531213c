import ByteFixtures
import RTP

/// One template as the specification's tables write it: layers, frame differences, chain differences, and a letter for each
/// decode target.
func template(
  _ spatial: UInt8, _ temporal: UInt8, _ differences: [UInt16], _ chains: [UInt8],
  _ indications: String
) -> FrameDependencies {
  let symbols: [Character: DecodeTargetIndication] = [
    "-": .notPresent, "D": .discardable, "S": .switching, "R": .required,
  ]
  return FrameDependencies(
    spatialLayer: spatial, temporalLayer: temporal,
    indications: indications.compactMap { symbols[$0] }, frameDifferences: differences,
    chainDifferences: chains)
}

/// The structures of the specification's section A.10.2.
enum ExampleStructures {
  static let l1t3 = FrameDependencyStructure(
    templateOffset: 1, targetCount: 3, chainCount: 1, protectingChains: [0, 0, 0],
    templates: [
      template(0, 0, [], [0], "SSS"),
      template(0, 0, [4], [4], "SSS"),
      template(0, 1, [2], [2], "SD-"),
      template(0, 2, [1], [1], "D--"),
      template(0, 2, [1], [3], "D--"),
    ], resolutions: [.init(width: 640, height: 360)])

  static let l3t3 = FrameDependencyStructure(
    templateOffset: 1, targetCount: 9, chainCount: 3,
    protectingChains: [2, 2, 2, 1, 1, 1, 0, 0, 0],
    templates: [
      template(0, 0, [], [0, 0, 0], "SSSSSSSSS"),
      template(0, 0, [12], [12, 11, 10], "RRRRRRSSS"),
      template(0, 1, [6], [6, 5, 4], "RR-RR-SD-"),
      template(0, 2, [3], [3, 2, 1], "R--R--D--"),
      template(0, 2, [3], [9, 8, 7], "R--R--D--"),
      template(1, 0, [1], [1, 1, 1], "SSSSSS---"),
      template(1, 0, [12, 1], [1, 1, 1], "RRRSSS---"),
      template(1, 1, [6, 1], [7, 6, 5], "RR-SD----"),
      template(1, 2, [3, 1], [4, 3, 2], "R--D-----"),
      template(1, 2, [3, 1], [10, 9, 8], "R--D-----"),
      template(2, 0, [1], [2, 1, 1], "SSS------"),
      template(2, 0, [12, 1], [2, 1, 1], "SSS------"),
      template(2, 1, [6, 1], [8, 7, 6], "SD-------"),
      template(2, 2, [3, 1], [5, 4, 3], "D--------"),
      template(2, 2, [3, 1], [11, 10, 9], "D--------"),
    ])

  static let l3t3KeyShift = FrameDependencyStructure(
    templateOffset: 1, targetCount: 9, chainCount: 3,
    protectingChains: [2, 2, 2, 1, 1, 1, 0, 0, 0],
    templates: [
      template(0, 0, [], [0, 0, 0], "SSSSSSSSS"),
      template(0, 0, [3], [3, 2, 1], "------SSS"),
      template(0, 0, [12], [12, 8, 1], "------SSS"),
      template(0, 1, [6], [6, 2, 7], "------SD-"),
      template(0, 2, [3], [3, 5, 4], "------D--"),
      template(0, 2, [3], [9, 5, 10], "------D--"),
      template(0, 2, [3], [3, 11, 4], "------D--"),
      template(1, 0, [1], [1, 1, 1], "SSSSSS---"),
      template(1, 0, [6], [4, 6, 5], "---SSS---"),
      template(1, 0, [12], [4, 12, 5], "---SSS---"),
      template(1, 1, [6], [10, 6, 11], "---SD----"),
      template(1, 2, [3], [1, 3, 2], "---D-----"),
      template(1, 2, [3], [7, 3, 8], "---D-----"),
      template(1, 2, [3], [1, 9, 2], "---D-----"),
      template(2, 0, [1], [2, 1, 1], "SSS------"),
      template(2, 0, [12], [11, 7, 12], "SSS------"),
      template(2, 1, [6], [5, 1, 6], "SD-------"),
      template(2, 2, [3], [2, 4, 3], "D--------"),
      template(2, 2, [3], [8, 4, 9], "D--------"),
      template(2, 2, [3], [2, 10, 3], "D--------"),
    ])

  static var all: [FrameDependencyStructure] { [l1t3, l3t3, l3t3KeyShift].compactMap { $0 } }

  /// The first packet of a browser's stream with three spatial and three temporal layers.
  static let captured = bytes(
    """
    c1017280081485214eafffaaaa863cf0430c10c302afc0aaa0063c00430010c002a000a80006000040001d954926e082
    b04a0941b820ac1282503157f974000ca864330e222222eca8655304224230eca877530077004200ef008601df010d
    """)
}
