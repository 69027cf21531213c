/// The picture size in a sequence parameter set of H.265 (ITU-T H.265 §7.3.2.2.1).
public enum H265SequenceParameters {
  /// A key frame of the size told, or of none where the set cannot be read. `unit` starts behind the two header
  /// bytes.
  public static func size(in unit: Span<UInt8>) -> KeyFrameStart {
    var reader = BitReader(unit)
    return (try? readSize(&reader)) ?? KeyFrameStart()
  }

  private static func readSize(_ reader: inout BitReader) throws(RTPError) -> KeyFrameStart {
    try reader.skip(4)
    let upperLayers = Int(try reader.read(3))
    try reader.skip(1)
    try skipProfile(&reader, upperLayers: upperLayers)
    _ = try reader.readExponentialGolomb()
    let chroma = try reader.readExponentialGolomb()
    if chroma == 3 { try reader.skip(1) }
    var width = Int(try reader.readExponentialGolomb())
    var height = Int(try reader.readExponentialGolomb())
    if try reader.read(1) == 1 {
      let cropX = chroma == 1 || chroma == 2 ? 2 : 1
      let cropY = chroma == 1 ? 2 : 1
      for _ in 0..<2 { width -= Int(try reader.readExponentialGolomb()) * cropX }
      for _ in 0..<2 { height -= Int(try reader.readExponentialGolomb()) * cropY }
    }
    guard (1...16_384).contains(width), (1...16_384).contains(height) else { throw .malformed }
    return KeyFrameStart(width: width, height: height)
  }

  /// Profile, tier and level: 88 bits and 8 bits for the whole, and as told for each lower temporal layer (§7.3.3).
  private static func skipProfile(
    _ reader: inout BitReader, upperLayers: Int
  ) throws(RTPError) {
    try reader.skip(96)
    guard upperLayers > 0 else { return }
    var told = 0
    for layer in 0..<8 {
      let flags = try reader.read(2)
      guard layer < upperLayers else { continue }
      told += (flags & 2 != 0 ? 88 : 0) + (flags & 1 != 0 ? 8 : 0)
    }
    try reader.skip(told)
  }
}
