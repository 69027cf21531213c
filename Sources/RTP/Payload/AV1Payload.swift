import Wire

/// AV1 in RTP (RTP Payload Format For AV1, version 1.0, §4.4).
///
///       +-+-+-+-+-+-+-+-+
///       |Z|Y| W |N|-|-|-|
///       +-+-+-+-+-+-+-+-+
enum AV1Payload {
  private static let sequenceHeader: UInt8 = 1

  /// A key frame starts with a new coded video sequence: the N bit, or a sequence header in front.
  static func keyFrameStart(in payload: Span<UInt8>) -> KeyFrameStart? {
    var reader = ByteReader(payload)
    guard let aggregation = try? reader.readUInt8(), aggregation & 0x80 == 0 else { return nil }
    if aggregation & 0x08 != 0 { return KeyFrameStart() }
    // With W = 1 the only element has no length in front.
    if aggregation >> 4 & 3 != 1 {
      for _ in 0..<8 {
        guard let byte = try? reader.readUInt8() else { return nil }
        if byte & 0x80 == 0 { break }
      }
    }
    guard let header = try? reader.readUInt8() else { return nil }
    return header >> 3 & 0x0f == sequenceHeader ? KeyFrameStart() : nil
  }
}
