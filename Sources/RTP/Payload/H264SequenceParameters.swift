/// The picture size in a sequence parameter set (ITU-T H.264 §7.3.2.1.1).
public enum H264SequenceParameters {
  private static let highProfiles: Set<UInt32> = [
    100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135,
  ]

  /// A key frame of the size told, or of none where the set cannot be read. `unit` starts behind the type byte.
  public static func size(in unit: Span<UInt8>) -> KeyFrameStart {
    var reader = BitReader(unit)
    return (try? readSize(&reader)) ?? KeyFrameStart()
  }

  private static func readSize(_ reader: inout BitReader) throws(RTPError) -> KeyFrameStart {
    let profile = try reader.read(8)
    _ = try reader.read(16)
    _ = try reader.readExponentialGolomb()
    var chroma: UInt32 = 1
    if highProfiles.contains(profile) { chroma = try skipHighProfile(&reader) }
    _ = try reader.readExponentialGolomb()
    try skipPictureOrder(&reader)
    _ = try reader.readExponentialGolomb()
    _ = try reader.read(1)
    let widthInMacroblocks = Int(try reader.readExponentialGolomb()) + 1
    let heightInMapUnits = Int(try reader.readExponentialGolomb()) + 1
    let isFrameOnly = try reader.read(1) == 1
    if !isFrameOnly { _ = try reader.read(1) }
    _ = try reader.read(1)
    var crop = [0, 0, 0, 0]
    if try reader.read(1) == 1 {
      for index in crop.indices { crop[index] = Int(try reader.readExponentialGolomb()) }
    }
    let frameFactor = isFrameOnly ? 1 : 2
    let cropX = chroma == 1 || chroma == 2 ? 2 : 1
    let cropY = (chroma == 1 ? 2 : 1) * frameFactor
    let width = widthInMacroblocks * 16 - (crop[0] + crop[1]) * cropX
    let height = heightInMapUnits * 16 * frameFactor - (crop[2] + crop[3]) * cropY
    guard (1...16_384).contains(width), (1...16_384).contains(height) else { throw .malformed }
    return KeyFrameStart(width: width, height: height)
  }

  /// Chroma format, bit depths and scaling lists; yields the chroma format.
  private static func skipHighProfile(_ reader: inout BitReader) throws(RTPError) -> UInt32 {
    let chroma = try reader.readExponentialGolomb()
    if chroma == 3 { _ = try reader.read(1) }
    _ = try reader.readExponentialGolomb()
    _ = try reader.readExponentialGolomb()
    _ = try reader.read(1)
    guard try reader.read(1) == 1 else { return chroma }
    for list in 0..<(chroma == 3 ? 12 : 8) where try reader.read(1) == 1 {
      try skipScalingList(&reader, count: list < 6 ? 16 : 64)
    }
    return chroma
  }

  private static func skipScalingList(
    _ reader: inout BitReader, count: Int
  ) throws(RTPError) {
    var last: Int32 = 8
    var next: Int32 = 8
    for _ in 0..<count {
      if next != 0 {
        next = (last &+ (try reader.readSignedExponentialGolomb()) &+ 256) & 0xff
      }
      last = next == 0 ? last : next
    }
  }

  private static func skipPictureOrder(_ reader: inout BitReader) throws(RTPError) {
    let type = try reader.readExponentialGolomb()
    if type == 0 {
      _ = try reader.readExponentialGolomb()
    } else if type == 1 {
      _ = try reader.read(1)
      _ = try reader.readExponentialGolomb()
      _ = try reader.readExponentialGolomb()
      let count = try reader.readExponentialGolomb()
      guard count <= 255 else { throw .malformed }
      for _ in 0..<count { _ = try reader.readExponentialGolomb() }
    }
  }
}
