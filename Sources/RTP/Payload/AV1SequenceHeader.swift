/// The largest picture size in a sequence header OBU of AV1 (AV1 Bitstream §5.5).
public enum AV1SequenceHeader {
  /// A key frame of the size told, or of none where the header cannot be read. `data` is what lies behind the OBU
  /// header.
  public static func size(in data: Span<UInt8>) -> KeyFrameStart {
    var reader = BitReader(data, skipsEmulationPrevention: false)
    return (try? readSize(&reader)) ?? KeyFrameStart()
  }

  private static func readSize(_ reader: inout BitReader) throws(RTPError) -> KeyFrameStart {
    try reader.skip(4)
    if try reader.read(1) == 1 {
      try reader.skip(5)
    } else {
      try skipOperatingPoints(&reader)
    }
    let widthBits = Int(try reader.read(4)) + 1
    let heightBits = Int(try reader.read(4)) + 1
    let width = Int(try reader.read(widthBits)) + 1
    let height = Int(try reader.read(heightBits)) + 1
    return KeyFrameStart(width: width, height: height)
  }

  private static func skipOperatingPoints(_ reader: inout BitReader) throws(RTPError) {
    var delayBits: Int?
    if try reader.read(1) == 1 {
      try reader.skip(64)
      if try reader.read(1) == 1 { try skipVariableLength(&reader) }
      if try reader.read(1) == 1 {
        delayBits = Int(try reader.read(5)) + 1
        try reader.skip(42)
      }
    }
    let tellsDisplayDelay = try reader.read(1) == 1
    for _ in 0...(try reader.read(5)) {
      try reader.skip(12)
      if try reader.read(5) > 7 { try reader.skip(1) }
      if let delayBits, try reader.read(1) == 1 { try reader.skip(2 * delayBits + 1) }
      if tellsDisplayDelay, try reader.read(1) == 1 { try reader.skip(4) }
    }
  }

  /// A number as `uvlc()` (§4.10.3).
  private static func skipVariableLength(_ reader: inout BitReader) throws(RTPError) {
    var zeros = 0
    while try reader.read(1) == 0 {
      zeros += 1
      guard zeros < 32 else { throw .malformed }
    }
    try reader.skip(zeros)
  }
}
