/// What the uncompressed header of a VP9 frame tells of a key frame (VP9 Bitstream §6.2).
public enum VP9FrameHeader {
  /// The key frame that starts `frame`; nil where it is another frame, or cannot be read.
  public static func keyFrame(in frame: Span<UInt8>) -> KeyFrameStart? {
    var reader = BitReader(frame, skipsEmulationPrevention: false)
    return try? read(&reader)
  }

  private static func read(_ reader: inout BitReader) throws(RTPError) -> KeyFrameStart? {
    guard try reader.read(2) == 2 else { throw .malformed }
    let low = try reader.read(1)
    let profile = try reader.read(1) << 1 | low
    if profile == 3 { try reader.skip(1) }
    // An old frame shown once more, then whether this is no key frame.
    guard try reader.read(1) == 0, try reader.read(1) == 0 else { return nil }
    try reader.skip(2)
    guard try reader.read(24) == 0x49_8342 else { throw .malformed }
    if profile >= 2 { try reader.skip(1) }
    let isRGB = try reader.read(3) == 7
    if !isRGB { try reader.skip(1) }
    if profile & 1 == 1 { try reader.skip(isRGB ? 1 : 3) }
    let width = Int(try reader.read(16)) + 1
    let height = Int(try reader.read(16)) + 1
    return KeyFrameStart(width: width, height: height)
  }
}
