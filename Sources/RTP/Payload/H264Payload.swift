import Wire

/// H.264 in RTP (RFC 6184 §5.2).
enum H264Payload {
  private static let idrSlice: UInt8 = 5
  private static let sequenceParameters: UInt8 = 7
  private static let aggregation: UInt8 = 24
  private static let fragmentation: UInt8 = 28

  /// A key frame starts where parameter sets do, or with an IDR slice of a sender that told them before.
  static func keyFrameStart(in payload: Span<UInt8>) -> KeyFrameStart? {
    guard !payload.isEmpty else { return nil }
    switch payload[0] & 0x1f {
    case idrSlice:
      return KeyFrameStart()
    case sequenceParameters:
      return H264SequenceParameters.size(in: payload.extracting(droppingFirst: 1))
    case aggregation:
      return keyFrameStart(inAggregation: payload)
    case fragmentation:
      guard payload.count > 1, payload[1] & 0x80 != 0 else { return nil }
      let type = payload[1] & 0x1f
      return type == idrSlice || type == sequenceParameters ? KeyFrameStart() : nil
    default:
      return nil
    }
  }

  /// Whether sequence parameters are in the packet, or begin in it.
  static func hasSequenceParameters(_ payload: Span<UInt8>) -> Bool {
    guard !payload.isEmpty else { return false }
    switch payload[0] & 0x1f {
    case sequenceParameters: return true
    case fragmentation: return payload.count > 1 && payload[1] & 0x9f == 0x80 | sequenceParameters
    case aggregation:
      var reader = ByteReader(payload.extracting(droppingFirst: 1))
      while let count = try? reader.readUInt16(), let unit = try? reader.take(Int(count)) {
        if !unit.isEmpty, unit[0] & 0x1f == sequenceParameters { return true }
      }
      return false
    default: return false
    }
  }

  private static func keyFrameStart(inAggregation payload: Span<UInt8>) -> KeyFrameStart? {
    var reader = ByteReader(payload.extracting(droppingFirst: 1))
    var start: KeyFrameStart?
    while let count = try? reader.readUInt16(), let unit = try? reader.take(Int(count)) {
      guard !unit.isEmpty else { continue }
      switch unit[0] & 0x1f {
      case sequenceParameters:
        return H264SequenceParameters.size(in: unit.extracting(droppingFirst: 1))
      case idrSlice:
        start = KeyFrameStart()
      default:
        break
      }
    }
    return start
  }
}
